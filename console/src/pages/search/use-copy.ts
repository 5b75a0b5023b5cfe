/** Copies text and says so; on a page without a clipboard (plain HTTP) it says that instead. */

import { toast } from '../../ui/toast'
import { useWords } from '../../words/words'

export function useCopy(): (text: string) => Promise<void> {
  const { common, search } = useWords()
  return async text => {
    try {
      await navigator.clipboard.writeText(text)
      toast(common.copied)
    } catch {
      toast(search.copyFailed, 'bad')
    }
  }
}
