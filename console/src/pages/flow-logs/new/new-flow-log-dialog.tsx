/**
 * The form that orders a flow log.
 *
 * Hides: what is checked before the server is asked, and where the server's refusal is shown.
 * Knows nothing of: the list behind it.
 */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, type Schema } from '../../../api/client'
import { useRegion } from '../../../shell/region'
import { Button } from '../../../ui/button'
import { Dialog } from '../../../ui/dialog'
import { TextField } from '../../../ui/field'
import { ErrorNotice } from '../../../ui/notice'
import { toast } from '../../../ui/toast'
import { useWords } from '../../../words/words'
import { AdvancedFields } from './advanced-fields'
import { createFlowLog, type Made } from './create'
import { type Draft, emptyDraft, type Order, orderOf, type Wrong, type WrongWord } from './draft'
import styles from './form.module.css'
import { ResourceFields } from './resource-fields'
import { StorageFields } from './storage-fields'

export type NewFlowLogDialogProps = {
  /** The gateway to start with. */
  gateway: string | undefined
  onClose(): void
}

export default function NewFlowLogDialog({ gateway, onClose }: NewFlowLogDialogProps) {
  const { common, newFlowLog } = useWords()
  const { draft, parts, create, submit } = useDraft(gateway, onClose)
  const { serverSays, ...part } = parts
  const footer = (
    <>
      <Button onPress={onClose}>{common.cancel}</Button>
      <Button type="submit" kind="primary" isPending={create.isPending}>
        {newFlowLog.submit}
      </Button>
    </>
  )
  return (
    <Dialog size="wide" title={newFlowLog.title} onClose={onClose} onSubmit={submit} footer={footer}>
      {create.error && !isAboutField(create.error) && <ErrorNotice error={create.error} />}
      <fieldset className={styles.group}>
        <legend className={styles.legend}>{newFlowLog.what}</legend>
        <TextField
          label={newFlowLog.name}
          value={draft.name}
          onChange={name => part.change({ name })}
          wrong={part.say('name') ?? serverSays('name')}
          autoFocus
        />
        <ResourceFields {...part} serverSays={serverSays('resource')} />
      </fieldset>
      <fieldset className={styles.group}>
        <legend className={styles.legend}>{newFlowLog.where}</legend>
        <StorageFields {...part} />
      </fieldset>
      <AdvancedFields {...part} serverSays={serverSays('tags')} />
    </Dialog>
  )
}

/** What every part of the form is given. */
export type FormPart = {
  draft: Draft
  change(change: Partial<Draft>): void
  wrong: Wrong
  /** What is wrong with a field, in words; nothing before the first try. */
  say(field: Exclude<keyof Wrong, 'tagRows'>): string | undefined
}

function useDraft(gateway: string | undefined, onClose: () => void) {
  const { flowLogs, newFlowLog } = useWords()
  const region = useRegion()
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState(() => emptyDraft(gateway))
  const [isChecked, setChecked] = useState(false)
  const change = (part: Partial<Draft>) => setDraft(before => ({ ...before, ...part }))

  const create = useMutation({
    mutationFn: (order: Order) => createFlowLog(order, region, made => change(choiceOf(made))),
    onSuccess: ({ FlowLogName }: Schema<'FlowLog'>) => {
      onClose()
      toast(flowLogs.created(FlowLogName))
    },
    // What was made before a failure counts too.
    onSettled: () => queryClient.invalidateQueries(),
  })

  const result = orderOf(draft)
  const wrong: Wrong = isChecked && 'wrong' in result ? result.wrong : {}
  const say = (field: Exclude<keyof Wrong, 'tagRows'>) => {
    const word: WrongWord | undefined = wrong[field]
    return word && newFlowLog.wrong[word]
  }
  const serverSays = (field: ServerField) =>
    create.error && fieldOf(create.error) === field ? create.error.message : undefined
  const submit = () => {
    setChecked(true)
    if ('order' in result) create.mutate(result.order)
  }
  // What the server said was about the draft as it was.
  const write = (part: Partial<Draft>) => {
    if (create.isError) create.reset()
    change(part)
  }
  return { draft, create, submit, parts: { draft, change: write, wrong, say, serverSays } }
}

/** A second try takes what the first has made. */
function choiceOf({ logset, topic }: Made): Partial<Draft> {
  return topic === undefined ? { logset } : { logset, topic }
}

/** Where the server's refusal belongs. */
type ServerField = 'name' | 'resource' | 'tags'

function fieldOf(error: Error): ServerField | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.code === 'InvalidParameterValue.Duplicate') return 'name'
  // A scope that this server does not offer, or a resource that has a flow log already.
  if (/^UnsupportedOperation(?!\.Tag)/.test(error.code)) return 'resource'
  return /\.Tag[A-Z]/.test(error.code) ? 'tags' : undefined
}

function isAboutField(error: Error): boolean {
  return fieldOf(error) !== undefined
}
