/** The keys of the page, in a dialog. */

import { Dialog } from '../../ui/dialog'
import { useWords } from '../../words/words'
import styles from './search-page.module.css'

export function KeyHelp({ onClose }: { onClose(): void }) {
  const { search } = useWords()
  const { keys } = search
  const rows: [string[], string][] = [
    [['/'], keys.focus],
    [['Enter'], keys.run],
    [['Shift Enter'], keys.newline],
    [['Esc'], keys.stop],
    [['j', 'k'], keys.move],
    [['Enter'], keys.open],
    [['[', ']'], keys.shift],
    [['z'], keys.zoomOut],
    [['.'], keys.again],
    [['?'], keys.help],
  ]
  return (
    <Dialog title={keys.title} onClose={onClose}>
      <dl className={styles.keys}>
        {rows.map(([names, meaning]) => (
          <div key={meaning}>
            <dt>
              {names.map(name => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
