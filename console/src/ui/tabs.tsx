/** Tabs: several views in one place, one of them shown. */

import type { ReactNode } from 'react'
import { Tab as AriaTab, TabPanel as AriaTabPanel, Tabs as AriaTabs, TabList } from 'react-aria-components'
import styles from './tabs.module.css'

export type TabsProps<Id extends string> = {
  label: string
  tabs: readonly { id: Id; label: string }[]
  selected: Id
  onSelect(id: NoInfer<Id>): void
  /** `TabPanel`s. */
  children: ReactNode
}

export function Tabs<Id extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Id>) {
  return (
    <AriaTabs
      className={styles.tabs ?? ''}
      selectedKey={selected}
      onSelectionChange={key => onSelect(key as Id)}
      keyboardActivation="manual"
    >
      <TabList aria-label={label} className={styles.list ?? ''}>
        {tabs.map(tab => (
          <AriaTab key={tab.id} id={tab.id} className={styles.tab ?? ''}>
            {tab.label}
          </AriaTab>
        ))}
      </TabList>
      {children}
    </AriaTabs>
  )
}

export function TabPanel({ id, children }: { id: string; children: ReactNode }) {
  return (
    <AriaTabPanel id={id} className={styles.panel ?? ''}>
      {children}
    </AriaTabPanel>
  )
}
