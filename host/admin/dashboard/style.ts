/** How the admin page looks. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #888; --good: #2a9d4a; --bad: #d33; --warn: #c80; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 0 16px 48px; }
header { display: flex; gap: 16px; align-items: baseline; border-bottom: 1px solid var(--line); padding: 12px 0; flex-wrap: wrap; }
h1 { font-size: 20px; margin: 0; }
h2 { font-size: 15px; margin: 28px 0 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--dim); font-size: 12px; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.dim { color: var(--dim); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
svg.spark { width: 120px; height: 18px; stroke: currentColor; fill: none; stroke-width: 1.2; }
td form { display: inline; margin: 0; }
td.param { padding-left: 24px; }
button { font: inherit; }
`;
