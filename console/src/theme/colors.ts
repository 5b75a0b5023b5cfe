/**
 * The theme's colours for what CSS cannot reach: canvas.
 *
 * Hides: how a token becomes a value, and when it changes.
 * Knows nothing of: charts.
 */

import { useEffect, useMemo, useState } from 'react'
import { usePreferences } from '../state/preferences'

const CHART_COLORS = ['accept', 'reject', 'line', 'text', 'accent'] as const

/** Colours as canvas takes them, for example `rgb(58, 163, 137)`. */
export type ChartColors = Record<(typeof CHART_COLORS)[number], string>

/** The colours of charts; new ones when the theme or the system's choice changes. */
export function useChartColors(): ChartColors {
  const scheme = useColorScheme()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tokens change with the scheme
  return useMemo(readChartColors, [scheme])
}

/** Which of the two themes is in force. */
function useColorScheme(): 'light' | 'dark' {
  const { theme } = usePreferences()
  const [systemIsDark, setSystemIsDark] = useState(() => matchMedia(DARK).matches)
  useEffect(() => {
    const system = matchMedia(DARK)
    const follow = () => setSystemIsDark(system.matches)
    system.addEventListener('change', follow)
    return () => system.removeEventListener('change', follow)
  }, [])
  if (theme !== 'system') return theme
  return systemIsDark ? 'dark' : 'light'
}

const DARK = '(prefers-color-scheme: dark)'

function readChartColors(): ChartColors {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(`--chart-${name}`).trim()
  return Object.fromEntries(CHART_COLORS.map(name => [name, color(name)])) as ChartColors
}
