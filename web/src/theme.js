// The theme chosen in GraphiQL's settings, for the other pages.

const KEY = 'stockroom.graphiql:theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** `light`, `dark`, or null for the system's. */
function chosenTheme() {
  const theme = localStorage.getItem(KEY);
  return theme === 'light' || theme === 'dark' ? theme : null;
}

/** Calls `apply('light' | 'dark')` now and whenever the theme changes, also from another tab. */
export function followTheme(apply) {
  const update = () => {
    const theme = chosenTheme();
    document.documentElement.style.colorScheme = theme ?? '';
    apply(theme ?? (system.matches ? 'dark' : 'light'));
  };
  system.addEventListener('change', update);
  addEventListener('storage', (event) => event.key === KEY && update());
  update();
}
