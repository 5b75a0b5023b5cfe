/** Toasts: a word that a deed is done, gone after some seconds. */

import {
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as AriaToastContent,
  UNSTABLE_ToastQueue as AriaToastQueue,
  UNSTABLE_ToastRegion as AriaToastRegion,
  Text,
} from 'react-aria-components'
import { useWords } from '../words/words'
import { IconButton } from './button'
import styles from './toast.module.css'

/** How long a toast stays. Unit: milliseconds. */
const STAYS = 6000

type Toast = { tone: 'good' | 'bad'; text: string }

const queue = new AriaToastQueue<Toast>({ maxVisibleToasts: 3 })

/** Shows `text` at the foot of the page for some seconds. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  queue.add({ tone, text }, { timeout: STAYS })
}

/** Where toasts appear; there is one, in the shell. */
export function ToastRegion() {
  const { common } = useWords()
  return (
    <AriaToastRegion queue={queue} className={styles.region ?? ''}>
      {({ toast }) => (
        <AriaToast
          toast={toast}
          className={`${styles.toast} ${toast.content.tone === 'bad' ? styles.bad : ''}`}
        >
          <AriaToastContent className={styles.content ?? ''}>
            <Text slot="title">{toast.content.text}</Text>
          </AriaToastContent>
          <IconButton slot="close" icon="close" label={common.close} />
        </AriaToast>
      )}
    </AriaToastRegion>
  )
}
