/** What stands where no flow log is yet: what it would be good for, and the way to the first one. */

import { useMayChange } from '../../shell/role'
import { Button, LinkButton } from '../../ui/button'
import { Empty } from '../../ui/marks'
import { useWords } from '../../words/words'
import styles from './flow-logs-page.module.css'

export function FirstFlowLog({ onNew }: { onNew(): void }) {
  const { flowLogs, gateways } = useWords()
  const mayChange = useMayChange()
  return (
    <Empty title={flowLogs.emptyTitle}>
      <p>{flowLogs.emptyBody}</p>
      <ol aria-label={flowLogs.emptySteps} className={styles.steps}>
        <li>{flowLogs.stepAgent}</li>
        <li>{flowLogs.stepFlowLog}</li>
        <li>{flowLogs.stepSearch}</li>
      </ol>
      <div className={styles.buttons}>
        {mayChange && (
          <Button kind="primary" icon="plus" onPress={onNew}>
            {flowLogs.new}
          </Button>
        )}
        <LinkButton to="/gateways">{gateways.title}</LinkButton>
      </div>
    </Empty>
  )
}
