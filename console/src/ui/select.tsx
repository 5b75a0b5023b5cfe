/** One choice out of a list. */

import type { ReactNode } from 'react'
import {
  Button as AriaButton,
  Select as AriaSelect,
  FieldError,
  type Key,
  ListBox,
  ListBoxItem,
  Popover,
  SelectValue,
  Text,
} from 'react-aria-components'
import { FieldLabel } from './field'
import fieldStyles from './field.module.css'
import { Icon } from './icon'
import popoverStyles from './popover.module.css'
import styles from './select.module.css'

export type Option<Id extends string = string> = {
  id: Id
  label: string
  /** A second, fainter line. */
  note?: string
}

export type SelectProps<Id extends string> = {
  label: string
  options: readonly Option<Id>[]
  selected: Id | null
  onSelect(id: NoInfer<Id>): void
  placeholder?: string
  help?: ReactNode
  wrong?: string | undefined
  isDisabled?: boolean
  optional?: boolean
  /** Without frame and visible label, for bars. */
  quiet?: boolean
}

export function Select<Id extends string>({ label, options, selected, onSelect, ...rest }: SelectProps<Id>) {
  const { placeholder, help, wrong, isDisabled = false, optional, quiet } = rest
  return (
    <AriaSelect
      className={styles.select ?? ''}
      isDisabled={isDisabled}
      isInvalid={wrong !== undefined}
      validationBehavior="aria"
      value={selected}
      onChange={(key: Key | null) => key !== null && onSelect(key as Id)}
      {...(placeholder === undefined ? {} : { placeholder })}
      {...(quiet ? { 'aria-label': label } : {})}
    >
      {!quiet && <FieldLabel optional={optional}>{label}</FieldLabel>}
      <AriaButton className={`${styles.button} ${quiet ? styles.quiet : ''}`}>
        <SelectValue className={styles.value ?? ''}>
          {({ selectedText, defaultChildren, isPlaceholder }) =>
            isPlaceholder ? defaultChildren : selectedText
          }
        </SelectValue>
        <Icon name="chevron" />
      </AriaButton>
      {help !== undefined && wrong === undefined && (
        <Text slot="description" className={fieldStyles.help}>
          {help}
        </Text>
      )}
      <FieldError className={fieldStyles.wrong ?? ''}>{wrong}</FieldError>
      <Popover className={popoverStyles.popover ?? ''} offset={4}>
        <ListBox className={popoverStyles.list ?? ''} items={options}>
          {option => <Choice {...option} />}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}

function Choice({ id, label, note }: Option) {
  return (
    <ListBoxItem id={id} textValue={label} className={popoverStyles.item ?? ''}>
      <span className={popoverStyles.words}>
        <Text slot="label">{label}</Text>
        {note && (
          <Text slot="description" className={popoverStyles.note}>
            {note}
          </Text>
        )}
      </span>
      <span className={popoverStyles.tick}>
        <Icon name="check" />
      </span>
    </ListBoxItem>
  )
}
