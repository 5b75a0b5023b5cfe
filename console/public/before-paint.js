// Sets language and theme before the first paint, so that nothing flashes.
// An external file, because the content security policy allows no inline script.
// The keys are those of src/state/preferences.ts.
;(() => {
  const root = document.documentElement
  try {
    const theme = localStorage.getItem('natlens.theme')
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
    const language = localStorage.getItem('natlens.language') ?? navigator.language
    root.lang = language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
  } catch {
    // Storage may be forbidden; then the defaults hold.
  }
})()
