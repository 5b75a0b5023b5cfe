/**
 * Chooses the time range: from a list, by a length, or between two moments.
 *
 * Hides: the popover and its form.
 * Knows nothing of: what is searched.
 */

import { type FormEvent, useState } from 'react'
import { Button as AriaButton, Dialog, DialogTrigger, Popover } from 'react-aria-components'
import { Button, IconButton } from '../../ui/button'
import { TextField } from '../../ui/field'
import { Icon } from '../../ui/icon'
import popoverStyles from '../../ui/popover.module.css'
import { useWords } from '../../words/words'
import { day, lengthInWords, moment, zone } from './format'
import { absoluteRange, QUICK_LENGTHS, type RangeChoice, relativeRange, shifted } from './range'
import styles from './range-picker.module.css'
import type { SearchState } from './search-state'

export function RangePicker({ page }: { page: SearchState }) {
  const { common, search } = useWords()
  const label = useRangeLabel(page)
  const { range } = page.question
  const move = (lengths: -1 | 1) => {
    const next = shifted(range, lengths)
    if (next) page.show({ range: next })
  }
  return (
    <div className={styles.group}>
      <IconButton icon="previous" label={search.range.earlier} onPress={() => move(-1)} />
      <DialogTrigger>
        <AriaButton className={styles.trigger ?? ''} aria-label={common.named(search.range.label, label)}>
          <Icon name="clock" />
          <span>{label}</span>
          <Icon name="chevron" />
        </AriaButton>
        <Popover className={popoverStyles.popover ?? ''} placement="bottom end" offset={4}>
          <Dialog className={styles.dialog ?? ''} aria-label={search.range.label}>
            {({ close }) => (
              <RangeForm
                page={page}
                onChoose={choice => {
                  page.show({ range: choice })
                  close()
                }}
              />
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      <IconButton icon="next" label={search.range.later} onPress={() => move(1)} />
    </div>
  )
}

/** `Last 15 minutes`, or both moments without the day where it repeats. */
function useRangeLabel({ view }: SearchState): string {
  const { search } = useWords()
  if (view.range.kind === 'relative') return search.range.last(lengthInWords(view.range.length, search.range))
  const [from = '', to = ''] = [view.range.from, view.range.to].map(ms => moment(ms).slice(0, 19))
  const sameDay = day(view.range.from) === day(view.range.to)
  return `${from} – ${sameDay ? to.slice(11) : to}`
}

type RangeFormProps = { page: SearchState; onChoose(range: RangeChoice): void }

function RangeForm({ page, onChoose }: RangeFormProps) {
  const { search } = useWords()
  const { view, question } = page
  return (
    <div className={styles.form}>
      <div className={styles.quick}>
        <h2 className={styles.heading}>{search.range.quick}</h2>
        <ul>
          {QUICK_LENGTHS.map(length => {
            const isChosen = view.range.kind === 'relative' && view.range.length === length
            return (
              <li key={length}>
                <AriaButton
                  className={styles.choice ?? ''}
                  aria-pressed={isChosen}
                  onPress={() => onChoose({ kind: 'relative', length })}
                >
                  {search.range.last(lengthInWords(length, search.range))}
                </AriaButton>
              </li>
            )
          })}
        </ul>
        <LengthField onChoose={onChoose} />
      </div>
      <BetweenFields from={question.range.from} to={question.range.to} onChoose={onChoose} />
    </div>
  )
}

function LengthField({ onChoose }: Pick<RangeFormProps, 'onChoose'>) {
  const { search } = useWords()
  const [text, setText] = useState('')
  const [isWrong, setWrong] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const choice = relativeRange(text)
    if (choice) onChoose(choice)
    else setWrong(true)
  }
  return (
    <form onSubmit={submit}>
      <TextField
        label={search.range.other}
        help={search.range.otherHelp}
        wrong={isWrong ? search.range.notALength : undefined}
        value={text}
        onChange={next => {
          setText(next)
          setWrong(false)
        }}
      />
    </form>
  )
}

function BetweenFields({
  from,
  to,
  onChoose,
}: { from: number; to: number } & Pick<RangeFormProps, 'onChoose'>) {
  const { search } = useWords()
  const [start, setStart] = useState(() => moment(from).slice(0, 19).replace(' ', 'T'))
  const [end, setEnd] = useState(() => moment(to).slice(0, 19).replace(' ', 'T'))
  const choice = absoluteRange(Date.parse(start), Date.parse(end))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (choice) onChoose(choice)
  }
  return (
    <form className={styles.between} onSubmit={submit}>
      <h2 className={styles.heading}>{search.range.between}</h2>
      <MomentField label={search.range.from} value={start} onChange={setStart} />
      <MomentField label={search.range.to} value={end} onChange={setEnd} />
      <p className={styles.zone}>{choice ? search.range.zone(zone(from)) : search.range.empty}</p>
      <Button type="submit" kind="primary" isDisabled={!choice}>
        {search.range.apply}
      </Button>
    </form>
  )
}

function MomentField({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange(value: string): void
}) {
  return (
    <label className={styles.moment}>
      <span>{label}</span>
      <input type="datetime-local" step={1} value={value} onChange={event => onChange(event.target.value)} />
    </label>
  )
}
