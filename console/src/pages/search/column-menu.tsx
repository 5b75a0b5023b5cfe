/**
 * Chooses the columns of the record table.
 *
 * Hides: the popover.
 * Knows nothing of: how columns look.
 */

import { Button as AriaButton, Dialog, DialogTrigger, Popover } from 'react-aria-components'
import type { Schema } from '../../api/client'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import popoverStyles from '../../ui/popover.module.css'
import { useWords } from '../../words/words'
import { DEFAULT_COLUMNS } from './address'
import styles from './column-menu.module.css'
import { JOINED_COLUMNS, toggled } from './columns'
import type { SearchState } from './search-state'

export function ColumnMenu({
  page,
  fields,
}: {
  page: SearchState
  fields: readonly Schema<'RecordField'>[]
}) {
  const { search } = useWords()
  const names: Record<string, string> = search.columns.names
  const { columns } = page.view
  const choice = (name: string) => (
    <label key={name} className={styles.choice}>
      <input
        type="checkbox"
        checked={columns.includes(name)}
        onChange={() => page.replace({ columns: toggled(columns, name) })}
      />
      {names[name] ?? <code>{name}</code>}
    </label>
  )
  return (
    <DialogTrigger>
      <AriaButton className={styles.trigger ?? ''}>
        <Icon name="columns" />
        {search.columns.choose}
      </AriaButton>
      <Popover className={popoverStyles.popover ?? ''} placement="bottom end" offset={4}>
        <Dialog className={styles.dialog ?? ''} aria-label={search.columns.label}>
          <h2 className={styles.heading}>{search.columns.joined}</h2>
          {JOINED_COLUMNS.map(({ name }) => choice(name))}
          <h2 className={styles.heading}>{search.fields.label}</h2>
          {fields.map(({ Name }) => choice(Name))}
          <div className={styles.foot}>
            <Button onPress={() => page.replace({ columns: DEFAULT_COLUMNS })}>{search.columns.reset}</Button>
          </div>
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}
