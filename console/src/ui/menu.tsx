/** Menus: a button that opens a list of deeds or of choices. */

import type { ReactElement, ReactNode } from 'react'
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuSection as AriaMenuSection,
  Header,
  MenuTrigger,
  Popover,
  type Selection,
  Separator,
} from 'react-aria-components'
import { Icon, type IconName } from './icon'
import styles from './popover.module.css'

export type MenuProps = {
  /** The button that opens it. */
  trigger: ReactElement
  label: string
  children: ReactNode
}

export function Menu({ trigger, label, children }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover ?? ''} offset={4} placement="bottom end">
        <AriaMenu className={styles.list ?? ''} aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}

export type MenuItemProps = {
  id?: string
  icon?: IconName
  danger?: boolean
  isDisabled?: boolean
  onAction?(): void
  children: string
}

/** One deed, or inside a `MenuSection` one choice. */
export function MenuItem({ icon, danger, children, ...item }: MenuItemProps) {
  return (
    <AriaMenuItem {...item} textValue={children} className={`${styles.item} ${danger ? styles.danger : ''}`}>
      {({ selectionMode }) => (
        <>
          {icon && <Icon name={icon} />}
          {children}
          {selectionMode !== 'none' && (
            <span className={styles.tick}>
              <Icon name="check" />
            </span>
          )}
        </>
      )}
    </AriaMenuItem>
  )
}

export type MenuSectionProps<Choice extends string> = {
  title: string
  selected: Choice
  onSelect(choice: NoInfer<Choice>): void
  children: ReactNode
}

/** A group of choices of which one holds. */
export function MenuSection<Choice extends string>({
  title,
  selected,
  onSelect,
  children,
}: MenuSectionProps<Choice>) {
  const choose = (keys: Selection) => {
    if (keys === 'all') return
    for (const key of keys) onSelect(key as Choice)
  }
  return (
    <AriaMenuSection
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[selected]}
      onSelectionChange={choose}
    >
      <Header className={styles.heading}>{title}</Header>
      {children}
    </AriaMenuSection>
  )
}

export function MenuSeparator() {
  return <Separator className={styles.separator ?? ''} />
}
