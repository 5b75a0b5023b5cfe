import { Page } from '../../shell/page'
import { useWords } from '../../words/words'

export function SignInPage() {
  const { signIn } = useWords()
  return <Page title={signIn.title}>{null}</Page>
}
