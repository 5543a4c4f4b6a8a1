import { h } from 'vue';
import DefaultTheme from 'vitepress/theme-without-fonts';
import './style.css';

export default {
  extends: DefaultTheme,
  // Replaces VitePress's page for unknown addresses, which has no main region.
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': describeMissingPage }),
};

function describeMissingPage() {
  return h('main', { class: 'missing' }, [
    h('h1', 'There is no page at this address.'),
    h('p', ['Search for it, or start at the ', h('a', { href: import.meta.env.BASE_URL }, 'first page'), '.']),
  ]);
}
