/** Renames and describes a flow log; what it collects cannot be changed. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Schema } from '../../api/client'
import { useRegion } from '../../shell/region'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { TextField } from '../../ui/field'
import { ErrorNotice } from '../../ui/notice'
import { toast } from '../../ui/toast'
import { useWords } from '../../words/words'
import { wrongDescription, wrongName } from './new/draft'
import styles from './new/form.module.css'

export function EditDialog({ flowLog, onClose }: { flowLog: Schema<'FlowLog'>; onClose(): void }) {
  const { common, flowLogs, newFlowLog } = useWords()
  const { FlowLogId } = flowLog
  const [name, setName] = useState(flowLog.FlowLogName)
  const [description, setDescription] = useState(flowLog.FlowLogDescription)
  const [isChecked, setChecked] = useState(false)
  const region = useRegion()
  const queryClient = useQueryClient()
  const change = { FlowLogId, FlowLogName: name.trim(), FlowLogDescription: description }
  const save = useMutation({
    mutationFn: () => call('vpc', 'ModifyFlowLogAttribute', change, { region }),
    onSuccess: () => {
      onClose()
      toast(flowLogs.saved(change.FlowLogName))
      return queryClient.invalidateQueries({ queryKey: ['DescribeFlowLogs'] })
    },
  })
  const wrong = { name: wrongName(name), description: wrongDescription(description) }
  const say = (what: keyof typeof wrong) => {
    const word = wrong[what]
    return isChecked && word ? newFlowLog.wrong[word] : undefined
  }
  const submit = () => {
    setChecked(true)
    if (!wrong.name && !wrong.description) save.mutate()
  }
  const footer = (
    <>
      <Button onPress={onClose}>{common.cancel}</Button>
      <Button type="submit" kind="primary" isPending={save.isPending}>
        {common.save}
      </Button>
    </>
  )
  return (
    <Dialog
      title={flowLogs.editTitle(flowLog.FlowLogName)}
      onClose={onClose}
      onSubmit={submit}
      footer={footer}
    >
      <div className={styles.fields}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField label={newFlowLog.name} value={name} onChange={setName} wrong={say('name')} autoFocus />
        <TextField
          label={newFlowLog.description}
          optional
          multiline
          value={description}
          onChange={setDescription}
          wrong={say('description')}
        />
      </div>
    </Dialog>
  )
}
