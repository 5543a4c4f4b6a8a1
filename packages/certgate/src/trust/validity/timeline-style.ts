/** Of the picture, in light and dark. The classes begin with `tt`, since the HTML page has the picture inside. */
export const timelineStyle = `
.tt{--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#e3e7eb;--year:#c3c9d0;--zebra:#f7f8fa;--now:#0969da;
--valid:#d3ebdc;--valid-b:#2c7a4b;--ending:#fde9b8;--ending-b:#9a6700;--ended:#e6e9ec;--ended-b:#8c959f;
--future:#dcebfb;--future-b:#3a78c2;--off:#f1f3f5;--off-b:#aab2bb;--bad:#b3261e;--bad-bg:#fbdcd9;--hatch:#57606a;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;background:var(--bg)}
@media (prefers-color-scheme:dark){.tt{--bg:#0d1117;--fg:#e6edf3;--dim:#9aa4af;--line:#222a33;--year:#3a444f;--zebra:#11171e;--now:#58a6ff;
--valid:#173d29;--valid-b:#4cb279;--ending:#4a3610;--ending-b:#d9a527;--ended:#23292f;--ended-b:#69737d;
--future:#12304f;--future-b:#5b9fe6;--off:#171c22;--off-b:#56606a;--bad:#ff8a80;--bad-bg:#4a1d1b;--hatch:#9aa4af}}
.tt-bg{fill:var(--bg)}.tt text{fill:var(--fg)}.tt .tt-dim{fill:var(--dim)}.tt .tt-bad{fill:var(--bad)}.tt .tt-now-text{fill:var(--now);font-weight:600}
.tt-title{font-size:16px;font-weight:600}.tt-name{font-weight:600}.tt-small{font-size:11px}.tt-bar-text{font-size:10.5px}
.tt-code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:10.5px}
.tt-line{stroke:var(--line)}.tt-year{stroke:var(--year)}.tt-zebra{fill:var(--zebra)}.tt-now{stroke:var(--now);stroke-width:1.5}
.tt-valid{fill:var(--valid);stroke:var(--valid-b)}.tt-ending{fill:var(--ending);stroke:var(--ending-b)}
.tt-ended{fill:var(--ended);stroke:var(--ended-b)}.tt-future{fill:var(--future);stroke:var(--future-b)}
.tt-disabled{fill:var(--off);stroke:var(--off-b);stroke-dasharray:3 2}
.tt-overlap{fill:url(#tt-hatch)}.tt-hatch{stroke:var(--hatch);stroke-width:1;opacity:.55}
.tt-gap{fill:var(--bad-bg);opacity:.45}.tt-gap-edge{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:3 2}.tt-mark{fill:var(--bad)}
.tt-banner{fill:var(--bad-bg);stroke:var(--bad)}`;
