/** Fields of text with their label, help and what is wrong with them. */

import type { ReactNode } from 'react'
import {
  Button as AriaButton,
  SearchField as AriaSearchField,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
} from 'react-aria-components'
import { useWords } from '../words/words'
import styles from './field.module.css'
import { Icon } from './icon'

export type TextFieldProps = Omit<AriaTextFieldProps, 'className' | 'style' | 'children' | 'isInvalid'> & {
  label: string
  help?: ReactNode
  /** What is wrong with the value; absent when nothing is. */
  wrong?: string | undefined
  placeholder?: string
  /** Several lines. */
  multiline?: boolean
  /** Ids, addresses and other text that a machine made. */
  code?: boolean
  optional?: boolean
}

export function TextField({
  label,
  help,
  wrong,
  placeholder,
  multiline,
  code,
  optional,
  ...field
}: TextFieldProps) {
  const Box = multiline ? TextArea : Input
  const shape = multiline ? styles.area : styles.input
  return (
    <AriaTextField
      {...field}
      isInvalid={wrong !== undefined}
      validationBehavior="aria"
      className={styles.field ?? ''}
    >
      <FieldLabel optional={optional}>{label}</FieldLabel>
      <Box placeholder={placeholder} className={`${shape} ${code ? styles.code : ''}`} />
      {help !== undefined && wrong === undefined && (
        <Text slot="description" className={styles.help}>
          {help}
        </Text>
      )}
      <FieldError className={styles.wrong ?? ''}>{wrong}</FieldError>
    </AriaTextField>
  )
}

/** The label of a field, for other controls too. */
export function FieldLabel({ optional, children }: { optional?: boolean | undefined; children: ReactNode }) {
  const { common } = useWords()
  return (
    <Label className={styles.label}>
      {children}
      {optional && <span className={styles.optional}>{common.optional}</span>}
    </Label>
  )
}

export type SearchFieldProps = {
  label: string
  value: string
  onChange(value: string): void
}

/** A field that narrows what is shown; its label stands in it. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  return (
    <AriaSearchField aria-label={label} value={value} onChange={onChange} className={styles.search ?? ''}>
      <Icon name="search" />
      <Input placeholder={label} className={styles.input ?? ''} />
      <AriaButton className={styles.clear ?? ''}>
        <Icon name="close" size={14} />
      </AriaButton>
    </AriaSearchField>
  )
}
