/**
 * Moments as people read them, in their language and zone.
 *
 * Hides: the API's two ways to write a moment, and how far away is near.
 * Knows nothing of: the clock; `now` is passed in.
 */

import { useMemo } from 'react'
import { type Language, usePreferences } from '../state/preferences'

export type TimeWords = {
  /** Date and time, for example `25 Nov 2026, 09:18:10`. Unit: Unix milliseconds. */
  moment(at: number): string
  /** The day and the minute, for lists. Unit: Unix milliseconds. */
  day(at: number): string
  /** How long ago, for example `3 minutes ago`. Unit: Unix milliseconds. */
  ago(at: number, now: number): string
}

export function useTimeWords(): TimeWords {
  const { language } = usePreferences()
  return useMemo(() => timeWords(language), [language])
}

/** `timeZone` is the browser's when absent. */
export function timeWords(language: Language, timeZone?: string): TimeWords {
  const zone = timeZone === undefined ? {} : { timeZone }
  const moment = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    hourCycle: 'h23',
    ...zone,
  })
  const day = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...zone,
  })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  return {
    moment: at => moment.format(at),
    day: at => day.format(at),
    ago(at, now) {
      const seconds = Math.min(0, Math.round((at - now) / 1000))
      const [unit, length] = UNITS.find(([, length]) => -seconds >= length) ?? SECOND
      return relative.format(Math.trunc(seconds / length), unit)
    },
  }
}

type Unit = readonly [Intl.RelativeTimeFormatUnit, number]
const SECOND: Unit = ['second', 1]
const UNITS: readonly Unit[] = [['day', 86_400], ['hour', 3600], ['minute', 60], SECOND]

/** The API writes some moments as `YYYY-MM-DD HH:MM:SS` in UTC+8. Unit of the answer: Unix milliseconds. */
export function momentOf(text: string): number | undefined {
  const at = Date.parse(`${text.replace(' ', 'T')}+08:00`)
  return Number.isNaN(at) ? undefined : at
}
