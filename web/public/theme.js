// Before the first paint, so that nobody is dazzled by a light page that turns dark.
{
  const chosen = localStorage.getItem('imageport.theme')
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark)
}
