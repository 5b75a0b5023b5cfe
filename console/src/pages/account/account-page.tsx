import { Page } from '../../shell/page'
import { useWords } from '../../words/words'

export function AccountPage() {
  const { account } = useWords()
  return <Page title={account.title}>{null}</Page>
}
