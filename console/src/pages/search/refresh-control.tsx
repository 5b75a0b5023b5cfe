/**
 * Asks again: now, or by itself every few seconds.
 *
 * Hides: the menu.
 * Knows nothing of: when the next question is asked (`search-state.ts` keeps the time).
 */

import { Button as AriaButton } from 'react-aria-components'
import { IconButton } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Menu, MenuItem, MenuSection } from '../../ui/menu'
import { useWords } from '../../words/words'
import styles from './range-picker.module.css'
import type { SearchState } from './search-state'

const CHOICES = ['off', '5', '30'] as const
type Choice = (typeof CHOICES)[number]

export function RefreshControl({ page }: { page: SearchState }) {
  const { common, search } = useWords()
  const { refresh } = page.view
  const name = (choice: Choice) => (choice === 'off' ? search.refresh.off : search.refresh.every(choice))
  const choose = (choice: Choice) => {
    if (choice === 'off') return page.show({ refresh: undefined })
    // Newest records arrive only in a range that ends now.
    const range =
      page.view.range.kind === 'relative' ? {} : { range: { kind: 'relative', length: '15m' } as const }
    page.show({ refresh: choice, ...range })
  }
  const trigger = (
    <AriaButton
      className={styles.trigger ?? ''}
      aria-label={common.named(search.refresh.label, name(refresh ?? 'off'))}
    >
      {refresh && (
        <>
          <span className={styles.pulse} />
          <span>{search.refresh.every(refresh)}</span>
        </>
      )}
      <Icon name="chevron" />
    </AriaButton>
  )
  return (
    <div className={styles.group}>
      <IconButton icon="refresh" label={search.refresh.now} onPress={page.look} />
      <Menu trigger={trigger} label={search.refresh.label}>
        <MenuSection title={search.refresh.label} selected={refresh ?? 'off'} onSelect={choose}>
          {CHOICES.map(choice => (
            <MenuItem key={choice} id={choice}>
              {name(choice)}
            </MenuItem>
          ))}
        </MenuSection>
      </Menu>
    </div>
  )
}
