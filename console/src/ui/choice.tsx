/** A few choices side by side, of which one holds. */

import { Radio, RadioGroup, Text } from 'react-aria-components'
import styles from './choice.module.css'
import { FieldLabel } from './field'
import fieldStyles from './field.module.css'

export type ChoiceProps<Id extends string> = {
  label: string
  options: readonly { id: Id; label: string }[]
  selected: Id
  onSelect(id: NoInfer<Id>): void
  help?: string
}

export function Choice<Id extends string>({ label, options, selected, onSelect, help }: ChoiceProps<Id>) {
  return (
    <RadioGroup className={styles.group ?? ''} value={selected} onChange={id => onSelect(id as Id)}>
      <FieldLabel>{label}</FieldLabel>
      <div className={styles.choices}>
        {options.map(option => (
          <Radio key={option.id} value={option.id} className={styles.choice ?? ''}>
            {option.label}
          </Radio>
        ))}
      </div>
      {help && (
        <Text slot="description" className={fieldStyles.help}>
          {help}
        </Text>
      )}
    </RadioGroup>
  )
}
