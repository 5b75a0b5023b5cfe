/**
 * The fields of records, by group; each opens to its most frequent values and can be a column.
 *
 * Hides: finding by name, which fields are open.
 * Knows nothing of: how values are counted.
 */

import { useState } from 'react'
import { ToggleButton } from 'react-aria-components'
import type { Schema } from '../../api/client'
import { usePreferences } from '../../state/preferences'
import { SearchField } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { useWords } from '../../words/words'
import { toggled } from './columns'
import styles from './field-list.module.css'
import { FieldTotals } from './field-totals'
import { FieldValues } from './field-values'
import type { SearchState } from './search-state'

type Field = Schema<'RecordField'>

export function FieldList({ page, fields }: { page: SearchState; fields: readonly Field[] }) {
  const { search } = useWords()
  const [part, setPart] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const found = fields.filter(({ Name }) => Name.includes(part.trim().toLowerCase()))
  const groups = Map.groupBy(found, field => field.Group)
  const toggle = (name: string) => {
    const next = new Set(open)
    if (!next.delete(name)) next.add(name)
    setOpen(next)
  }
  return (
    <nav className={styles.fields} aria-label={search.fields.label}>
      <div className={styles.find}>
        <SearchField label={search.fields.find} value={part} onChange={setPart} />
      </div>
      <div className={styles.scroll}>
        {[...groups].map(([group, members]) => (
          <section key={group}>
            <h2 className={styles.heading}>{groupName(group, search.fields.groups)}</h2>
            <ul>
              {members.map(field => (
                <FieldItem
                  key={field.Name}
                  page={page}
                  field={field}
                  isOpen={open.has(field.Name)}
                  onToggle={() => toggle(field.Name)}
                />
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && fields.length > 0 && <p className={styles.none}>{search.fields.noneFound}</p>}
      </div>
    </nav>
  )
}

/** The group's name in the language in force; a newer server may have groups that this console does not know. */
export function groupName(group: string, names: Record<string, string>): string {
  return names[group] ?? group
}

/** Whether adding its values up means something. */
function isCount({ Unit }: Field): boolean {
  return Unit === 'packets' || Unit === 'bytes'
}

type FieldItemProps = { page: SearchState; field: Field; isOpen: boolean; onToggle(): void }

function FieldItem({ page, field, isOpen, onToggle }: FieldItemProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  const { columns } = page.view
  const isColumn = columns.includes(field.Name)
  const units: Record<string, string> = search.fields.units
  return (
    <li className={styles.item} data-open={isOpen || undefined}>
      <div className={styles.row}>
        <button type="button" className={styles.name} aria-expanded={isOpen} onClick={onToggle}>
          <span className={styles.arrow}>
            <Icon name="next" size={12} />
          </span>
          <code>{field.Name}</code>
          <span className={styles.unit}>{units[field.Unit] ?? field.Unit}</span>
        </button>
        <ToggleButton
          className={styles.column ?? ''}
          isSelected={isColumn}
          onChange={() => page.replace({ columns: toggled(columns, field.Name) })}
          aria-label={isColumn ? search.fields.hide(field.Name) : search.fields.show(field.Name)}
        >
          <Icon name="columns" size={14} />
        </ToggleButton>
      </div>
      {isOpen && (
        <div className={styles.inside}>
          <p className={styles.help}>{language === 'zh-CN' ? field.HelpZh : field.Help}</p>
          {isCount(field) && <FieldTotals page={page} field={field.Name} unit={field.Unit} />}
          <FieldValues page={page} field={field.Name} />
        </div>
      )}
    </li>
  )
}
