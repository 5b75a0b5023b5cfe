/** Access keys: for the command line, scripts and SDKs. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../../api/ask'
import { call, type ResponseOf } from '../../api/client'
import { Button, IconButton } from '../../ui/button'
import { ConfirmDialog, Dialog } from '../../ui/dialog'
import { TextField } from '../../ui/field'
import { Code, Copyable, Pending } from '../../ui/marks'
import { ErrorNotice, Notice } from '../../ui/notice'
import { Cell, Column, Row, Table } from '../../ui/table'
import { toast } from '../../ui/toast'
import { momentOf, useTimeWords } from '../../words/time'
import { useWords } from '../../words/words'
import styles from './account-page.module.css'

export function AccessKeys() {
  const { account } = useWords()
  const keys = useQuery(ask('natlens', 'DescribeAccessKeys', {}))
  const [isOpen, setOpen] = useState(false)
  return (
    <section className={styles.section} aria-labelledby="access-keys">
      <div className={styles.head}>
        <div>
          <h2 id="access-keys">{account.keysTitle}</h2>
          <p className={styles.lead}>{account.keysLead}</p>
        </div>
        <Button icon="plus" onPress={() => setOpen(true)}>
          {account.newKey}
        </Button>
      </div>
      {keys.isPending && <Pending />}
      {keys.error && <ErrorNotice error={keys.error} retry={keys.refetch} />}
      {keys.data?.AccessKeys.length === 0 && <p>{account.noKeys}</p>}
      {keys.data && keys.data.AccessKeys.length > 0 && <KeyTable {...keys.data} />}
      {isOpen && <NewKeyDialog onClose={() => setOpen(false)} />}
    </section>
  )
}

function KeyTable({ AccessKeys }: ResponseOf<'DescribeAccessKeys'>) {
  const { account, common } = useWords()
  const { keyColumns } = account
  const [doomed, setDoomed] = useState<string>()
  return (
    <>
      <Table
        label={account.keysTable}
        columns={
          <>
            <Column id="id" isRowHeader>
              {keyColumns.id}
            </Column>
            <Column id="user">{keyColumns.user}</Column>
            <Column id="description">{keyColumns.description}</Column>
            <Column id="created">{keyColumns.created}</Column>
            <Column id="actions" align="end">
              {keyColumns.actions}
            </Column>
          </>
        }
      >
        {AccessKeys.map(({ SecretId, UserName, Description, CreateTime }) => (
          <Row key={SecretId} id={SecretId} textValue={SecretId}>
            <Cell>
              <Code>{SecretId}</Code>
            </Cell>
            <Cell label={keyColumns.user}>{UserName}</Cell>
            <Cell label={keyColumns.description}>{Description}</Cell>
            <Cell label={keyColumns.created}>
              <Moment at={momentOf(CreateTime)} />
            </Cell>
            <Cell align="end">
              <IconButton
                icon="bin"
                label={common.named(common.delete, SecretId)}
                onPress={() => setDoomed(SecretId)}
              />
            </Cell>
          </Row>
        ))}
      </Table>
      {doomed !== undefined && <DeleteKeyDialog secretId={doomed} onClose={() => setDoomed(undefined)} />}
    </>
  )
}

function Moment({ at }: { at: number | undefined }) {
  const { moment } = useTimeWords()
  return at !== undefined && moment(at)
}

function NewKeyDialog({ onClose }: { onClose(): void }) {
  const { account, common } = useWords()
  const [note, setNote] = useState('')
  const queryClient = useQueryClient()
  const create = useMutation({
    mutationFn: () => call('natlens', 'CreateAccessKey', { Description: note }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['DescribeAccessKeys'] }),
  })
  if (create.data) {
    return (
      <Dialog
        title={account.newKey}
        onClose={onClose}
        footer={<Button onPress={onClose}>{common.close}</Button>}
      >
        <div className={styles.made}>
          <Notice tone="warn">{account.keyMade}</Notice>
          <Copyable label={account.secretId} text={create.data.SecretId} />
          <Copyable label={account.secretKey} text={create.data.SecretKey} />
        </div>
      </Dialog>
    )
  }
  const footer = (
    <>
      <Button onPress={onClose}>{common.cancel}</Button>
      <Button type="submit" kind="primary" isPending={create.isPending}>
        {common.create}
      </Button>
    </>
  )
  return (
    <Dialog title={account.newKey} onClose={onClose} footer={footer} onSubmit={create.mutate}>
      {create.error && <ErrorNotice error={create.error} />}
      <TextField
        label={account.newKeyNote}
        optional
        autoFocus
        maxLength={512}
        value={note}
        onChange={setNote}
      />
    </Dialog>
  )
}

function DeleteKeyDialog({ secretId, onClose }: { secretId: string; onClose(): void }) {
  const { account, common } = useWords()
  const queryClient = useQueryClient()
  const remove = useMutation({
    mutationFn: () => call('natlens', 'DeleteAccessKey', { SecretId: secretId }),
    onSuccess: () => {
      onClose()
      toast(account.keyDeleted(secretId))
      return queryClient.invalidateQueries({ queryKey: ['DescribeAccessKeys'] })
    },
  })
  return (
    <ConfirmDialog
      title={account.deleteKeyTitle(secretId)}
      deed={common.delete}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{account.deleteKeyBody}</p>
    </ConfirmDialog>
  )
}
