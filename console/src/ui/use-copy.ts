/** Copies text and says so; on a page without a clipboard (plain HTTP) it says that instead. */

import { useWords } from '../words/words'
import { toast } from './toast'

export function useCopy(): (text: string) => Promise<void> {
  const { common } = useWords()
  return async text => {
    try {
      await navigator.clipboard.writeText(text)
      toast(common.copied)
    } catch {
      toast(common.copyFailed, 'bad')
    }
  }
}
