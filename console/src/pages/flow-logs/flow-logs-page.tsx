import { Page } from '../../shell/page'
import { useWords } from '../../words/words'

export function FlowLogsPage() {
  const { flowLogs } = useWords()
  return <Page title={flowLogs.title}>{null}</Page>
}
