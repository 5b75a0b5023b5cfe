/**
 * The most frequent values of a field, each a condition to add.
 *
 * Hides: how shares are drawn, what a click with Alt means.
 * Knows nothing of: the field list around it.
 */

import { usePreferences } from '../../state/preferences'
import { IconButton } from '../../ui/button'
import { ErrorNotice } from '../../ui/notice'
import { useWords } from '../../words/words'
import { useHistogramTotal, useTopValues } from './answers'
import { fieldText } from './columns'
import styles from './field-list.module.css'
import { count } from './format'
import { objectOf, textOf } from './record'
import type { SearchState } from './search-state'

type CountedValue = { value: string | undefined; count: number }

export function FieldValues({ page, field }: { page: SearchState; field: string }) {
  const { common, search } = useWords()
  const { data, error, isPending, refetch } = useTopValues(page.question, field)
  const total = useHistogramTotal(page.question)
  if (error) return <ErrorNotice error={error} retry={refetch} />
  if (isPending) return <p className={styles.none}>{common.loading}</p>

  const values = (data.AnalysisRecords ?? []).map(countedValue)
  const isAbsent = values.every(({ value }) => value === undefined)
  if (isAbsent) return <p className={styles.none}>{search.fields.noValues}</p>
  const most = Math.max(total ?? 0, ...values.map(value => value.count))
  const isExact = data.SamplingRate === 1
  return (
    <>
      <ul className={styles.values} aria-label={search.fields.values(field)}>
        {values.map(value => (
          <ValueItem
            key={value.value === undefined ? 'absent' : `=${value.value}`}
            page={page}
            field={field}
            counted={value}
            total={most}
          />
        ))}
      </ul>
      <p className={styles.note}>{isExact ? search.fields.exact : search.fields.sampled}</p>
    </>
  )
}

type ValueItemProps = { page: SearchState; field: string; counted: CountedValue; total: number }

function ValueItem({ page, field, counted, total }: ValueItemProps) {
  const { common, search } = useWords()
  const { language } = usePreferences()
  const { value } = counted
  const text = value === undefined || value === '' ? search.fields.absent : fieldText(field, value, language)
  const share = counted.count / total
  const percent = percentOf(share, language)
  const hint = common.sentences(
    search.fields.share(count(counted.count, language), percent),
    search.fields.valuesHint,
  )
  const narrow = (wanted: 'include' | 'exclude') => page.narrow({ field, value, wanted })
  return (
    <li className={styles.value}>
      <button
        type="button"
        className={styles.include}
        title={hint}
        onClick={event => narrow(event.altKey ? 'exclude' : 'include')}
      >
        <span className={styles.bar} style={{ inlineSize: `${Math.max(1, share * 100)}%` }} />
        <span className={styles.text}>{text}</span>
        <span className={styles.count}>{percent}</span>
        <span className={styles.unseen}>{search.fields.include(field, text)}</span>
      </button>
      <IconButton icon="minus" label={search.fields.exclude(field, text)} onPress={() => narrow('exclude')} />
    </li>
  )
}

function countedValue(row: string): CountedValue {
  const { value, n } = objectOf(row)
  return { value: value === null || value === undefined ? undefined : textOf(value), count: Number(n) || 0 }
}

/** One place after the point; what is there, but less than that can show, is never written as nothing. */
function percentOf(share: number, language: string): string {
  const format = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  return share < 0.001 ? `< ${format.format(0.001)}` : format.format(share)
}
