/**
 * What belongs to the person rather than to the page: language and theme, kept in the browser.
 *
 * Hides: where they are kept, and how the system's choice is followed.
 * Knows nothing of: pages.
 */

import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'

export const LANGUAGES = ['en', 'zh-CN'] as const
export type Language = (typeof LANGUAGES)[number]

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export type Preferences = {
  language: Language
  theme: Theme
  setLanguage(language: Language): void
  setTheme(theme: Theme): void
}

const Context = createContext<Preferences | undefined>(undefined)

/** Gives its children language and theme, and tells the document. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initialLanguage)
  const [theme, setTheme] = useState(initialTheme)

  useEffect(() => {
    document.documentElement.lang = language
    keep('natlens.language', language)
  }, [language])

  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    keep('natlens.theme', theme)
  }, [theme])

  const preferences = useMemo(() => ({ language, theme, setLanguage, setTheme }), [language, theme])
  return <Context value={preferences}>{children}</Context>
}

export function usePreferences(): Preferences {
  const preferences = use(Context)
  if (preferences === undefined) throw new Error('usePreferences needs a PreferencesProvider')
  return preferences
}

function initialLanguage(): Language {
  const wish = kept('natlens.language') ?? navigator.language
  return wish.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

function initialTheme(): Theme {
  const wish = kept('natlens.theme')
  return THEMES.find(theme => theme === wish) ?? 'system'
}

// Storage may be forbidden by the browser's settings; then a choice lasts as long as the page.
function kept(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}
