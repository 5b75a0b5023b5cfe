/** The bar on top: where one is, which region, and what belongs to the person. */

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { askSession } from '../api/ask'
import { call } from '../api/client'
import { LANGUAGES, THEMES, usePreferences } from '../state/preferences'
import { IconButton } from '../ui/button'
import { Menu, MenuItem, MenuSection, MenuSeparator } from '../ui/menu'
import { sayError } from '../ui/notice'
import { toast } from '../ui/toast'
import { LANGUAGE_NAMES, useWords } from '../words/words'
import { RegionSelect } from './region'
import styles from './shell.module.css'

export function Header() {
  const { shell } = useWords()
  return (
    <header className={styles.header}>
      <Link to="/flow-logs" className={styles.brand}>
        <img src="/mark.svg" alt="" width="24" height="24" />
        natlens
      </Link>
      <nav aria-label={shell.navigation} className={styles.nav}>
        <Link to="/flow-logs" className={styles.navLink}>
          {shell.flowLogs}
        </Link>
        <Link to="/gateways" className={styles.navLink}>
          {shell.gateways}
        </Link>
      </nav>
      <div className={styles.space} />
      <RegionSelect />
      <PreferencesMenu />
      <AccountMenu />
      <div className={styles.narrow}>
        <NavigationMenu />
      </div>
    </header>
  )
}

/** The navigation of narrow screens. */
function NavigationMenu() {
  const { shell } = useWords()
  const navigate = useNavigate()
  return (
    <Menu label={shell.navigation} trigger={<IconButton icon="menu" label={shell.menu} />}>
      <MenuItem icon="flow" onAction={() => void navigate({ to: '/flow-logs' })}>
        {shell.flowLogs}
      </MenuItem>
      <MenuItem icon="gateway" onAction={() => void navigate({ to: '/gateways' })}>
        {shell.gateways}
      </MenuItem>
    </Menu>
  )
}

export function PreferencesMenu() {
  const { shell } = useWords()
  const { language, theme, setLanguage, setTheme } = usePreferences()
  return (
    <Menu label={shell.preferences} trigger={<IconButton icon="settings" label={shell.preferences} />}>
      <MenuSection title={shell.language} selected={language} onSelect={setLanguage}>
        {LANGUAGES.map(id => (
          <MenuItem key={id} id={id}>
            {LANGUAGE_NAMES[id]}
          </MenuItem>
        ))}
      </MenuSection>
      <MenuSeparator />
      <MenuSection title={shell.theme} selected={theme} onSelect={setTheme}>
        {THEMES.map(id => (
          <MenuItem key={id} id={id}>
            {shell.themes[id]}
          </MenuItem>
        ))}
      </MenuSection>
    </Menu>
  )
}

function AccountMenu() {
  const words = useWords()
  const navigate = useNavigate()
  const session = useQuery(askSession())
  const signOut = useMutation({
    mutationFn: () => call('natlens', 'SignOut', {}),
    // A fresh page holds nothing of the one who left.
    onSuccess: () => window.location.assign('/sign-in'),
    onError: error => toast(sayError(error, words), 'bad'),
  })
  const { shell } = words
  const label = shell.account(session.data?.UserName ?? '')
  return (
    <Menu label={label} trigger={<IconButton icon="person" label={label} />}>
      <MenuItem icon="key" onAction={() => void navigate({ to: '/account' })}>
        {shell.keys}
      </MenuItem>
      <MenuItem onAction={() => signOut.mutate()}>{shell.signOut}</MenuItem>
    </Menu>
  )
}
