/**
 * What a field that counts packets or bytes adds up to.
 *
 * Hides: the SQL's names.
 * Knows nothing of: the field list around it.
 */

import { usePreferences } from '../../state/preferences'
import { useWords } from '../../words/words'
import { useTotals } from './answers'
import styles from './field-list.module.css'
import { bytes, decimal } from './format'
import { objectOf } from './record'
import type { SearchState } from './search-state'

const NUMBERS = ['total', 'average', 'least', 'most'] as const

export function FieldTotals({ page, field, unit }: { page: SearchState; field: string; unit: string }) {
  const { search } = useWords()
  const { language } = usePreferences()
  const { data } = useTotals(page.question, field)
  const row = objectOf(data?.AnalysisRecords?.[0] ?? '')
  const shown = (value: number) => (unit === 'bytes' ? bytes(value) : decimal(value, language))
  return (
    <dl className={styles.totals}>
      {NUMBERS.map(name => (
        <div key={name}>
          <dt>{search.fields.totals[name]}</dt>
          <dd>{typeof row[name] === 'number' ? shown(row[name]) : '–'}</dd>
        </div>
      ))}
    </dl>
  )
}
