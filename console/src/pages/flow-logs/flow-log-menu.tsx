/** What can be done to one flow log: pause, resume, rename, describe, delete. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Schema } from '../../api/client'
import { useRegion } from '../../shell/region'
import { IconButton } from '../../ui/button'
import { ConfirmDialog } from '../../ui/dialog'
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu'
import { sayError } from '../../ui/notice'
import { toast } from '../../ui/toast'
import { useWords } from '../../words/words'
import { EditDialog } from './edit-dialog'

export function FlowLogMenu({ flowLog }: { flowLog: Schema<'FlowLog'> }) {
  const { common, flowLogs } = useWords()
  const [open, setOpen] = useState<'edit' | 'delete'>()
  const turn = useTurn(flowLog)
  const name = flowLog.FlowLogName
  const label = common.moreActions(name)
  const close = () => setOpen(undefined)
  return (
    <>
      <Menu label={label} trigger={<IconButton icon="more" label={label} />}>
        <MenuItem icon={flowLog.Enable ? 'pause' : 'play'} onAction={() => turn.mutate()}>
          {flowLog.Enable ? flowLogs.pause : flowLogs.resume}
        </MenuItem>
        <MenuItem icon="edit" onAction={() => setOpen('edit')}>
          {flowLogs.edit}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon="bin" danger onAction={() => setOpen('delete')}>
          {flowLogs.remove}
        </MenuItem>
      </Menu>
      {open === 'edit' && <EditDialog flowLog={flowLog} onClose={close} />}
      {open === 'delete' && <DeleteDialog flowLog={flowLog} onClose={close} />}
    </>
  )
}

/** Pauses what collects, resumes what is paused. */
function useTurn({ FlowLogId, FlowLogName, Enable }: Schema<'FlowLog'>) {
  const words = useWords()
  const region = useRegion()
  const queryClient = useQueryClient()
  const operation = Enable ? 'DisableFlowLogs' : 'EnableFlowLogs'
  return useMutation({
    mutationFn: () => call('vpc', operation, { FlowLogIds: [FlowLogId] }, { region }),
    onSuccess: () => {
      toast(Enable ? words.flowLogs.paused(FlowLogName) : words.flowLogs.resumed(FlowLogName))
      return queryClient.invalidateQueries({ queryKey: ['DescribeFlowLogs'] })
    },
    onError: error => toast(sayError(error, words), 'bad'),
  })
}

function DeleteDialog({ flowLog, onClose }: { flowLog: Schema<'FlowLog'>; onClose(): void }) {
  const { common, flowLogs } = useWords()
  const { FlowLogId, FlowLogName } = flowLog
  const region = useRegion()
  const queryClient = useQueryClient()
  const remove = useMutation({
    mutationFn: () => call('vpc', 'DeleteFlowLog', { FlowLogId }, { region }),
    onSuccess: () => {
      onClose()
      toast(flowLogs.deleted(FlowLogName))
      return queryClient.invalidateQueries({ queryKey: ['DescribeFlowLogs'] })
    },
  })
  return (
    <ConfirmDialog
      title={flowLogs.deleteTitle(FlowLogName)}
      deed={common.delete}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{flowLogs.deleteBody}</p>
    </ConfirmDialog>
  )
}
