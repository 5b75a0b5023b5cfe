/**
 * Every word that the console says, in every language; a missing one is a type error.
 *
 * Hides: which dictionary is in force.
 * Knows nothing of: pages.
 */

import type { ReactNode } from 'react'
import { createContext, use } from 'react'
import { I18nProvider } from 'react-aria-components/I18nProvider'
import { type Language, usePreferences } from '../state/preferences'
import { en } from './en'
import { searchEn } from './search.en'
import { searchZhCN } from './search.zh-CN'
import { zhCN } from './zh-CN'

/** `Dictionary` with its texts left open: the shape that every language must fill. */
export type Translated<Dictionary> = {
  [Key in keyof Dictionary]: Dictionary[Key] extends string
    ? string
    : Dictionary[Key] extends (...args: infer Args) => string
      ? (...args: Args) => string
      : Translated<Dictionary[Key]>
}

export type Words = Translated<typeof en> & { search: Translated<typeof searchEn> }

const DICTIONARIES: Record<Language, Words> = {
  en: { ...en, search: searchEn },
  'zh-CN': { ...zhCN, search: searchZhCN },
}

/** Each language in its own words, for choosing one. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: en.languageName,
  'zh-CN': zhCN.languageName,
}

const Context = createContext<Words>(DICTIONARIES.en)

/** Gives its children the words of the language in force, and tells react-aria. */
export function WordsProvider({ children }: { children: ReactNode }) {
  const { language } = usePreferences()
  return (
    <I18nProvider locale={language === 'en' ? 'en-US' : language}>
      <Context value={DICTIONARIES[language]}>{children}</Context>
    </I18nProvider>
  )
}

export function useWords(): Words {
  return use(Context)
}
