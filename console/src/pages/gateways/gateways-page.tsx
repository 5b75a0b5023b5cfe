import { Page } from '../../shell/page'
import { useWords } from '../../words/words'

export function GatewaysPage() {
  const { gateways } = useWords()
  return <Page title={gateways.title}>{null}</Page>
}
