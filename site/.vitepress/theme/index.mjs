import { h } from 'vue';
import { Content } from 'vitepress';
import DefaultTheme, { VPHomeContent, VPHomeHero } from 'vitepress/theme-without-fonts';
import './style.css';

export default {
  extends: DefaultTheme,
  // Replaces VitePress's page for unknown addresses, which has no main region.
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': describeMissingPage }),
  enhanceApp: ({ app }) => app.component('StartPage', StartPage),
};

/** VitePress's layout for a start page, in a main region, which it lacks. */
function StartPage() {
  return h('main', [h(VPHomeHero), h(VPHomeContent, () => h(Content))]);
}

function describeMissingPage() {
  return h('main', { class: 'missing' }, [
    h('h1', 'There is no page at this address.'),
    h('p', ['Search for it, or start at the ', h('a', { href: import.meta.env.BASE_URL }, 'first page'), '.']),
  ]);
}
