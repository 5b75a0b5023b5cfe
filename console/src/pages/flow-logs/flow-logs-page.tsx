/**
 * The flow logs of a region: what is collected, of which resource, into which topic.
 *
 * Hides: paging, sorting and finding by name, which the server does.
 * Knows nothing of: how a flow log is created; its dialog is fetched when it is opened.
 */

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { ask } from '../../api/ask'
import type { RequestOf } from '../../api/client'
import { Page } from '../../shell/page'
import { useRegion } from '../../shell/region'
import { ForAdmins, useMayChange } from '../../shell/role'
import { Button, IconButton } from '../../ui/button'
import { SearchField } from '../../ui/field'
import { Empty, Pager, Pending } from '../../ui/marks'
import { ErrorNotice } from '../../ui/notice'
import { useWords } from '../../words/words'
import type { FlowLogsSearch } from './address'
import { FirstFlowLog } from './first-flow-log'
import { FlowLogTable } from './flow-log-table'
import styles from './flow-logs-page.module.css'

const PAGE_SIZE = 20

const NewFlowLogDialog = lazy(() => import('./new/new-flow-log-dialog'))

export function FlowLogsPage() {
  const { flowLogs } = useWords()
  const { search, show } = useAddress()
  const region = useRegion()
  const mayChange = useMayChange()
  const answer = useQuery({
    ...ask('vpc', 'DescribeFlowLogs', requestOf(search), region),
    placeholderData: keepPreviousData,
  })
  const openNew = () => show({ open: 'new' })
  const isFirst = answer.data?.TotalNum === 0 && search.name === undefined

  return (
    <Page
      title={flowLogs.title}
      lead={flowLogs.lead}
      actions={
        <ForAdmins>
          <Button kind="primary" icon="plus" onPress={openNew}>
            {flowLogs.new}
          </Button>
        </ForAdmins>
      }
    >
      {answer.error && <ErrorNotice error={answer.error} retry={answer.refetch} />}
      {answer.isPending && <Pending />}
      {isFirst && <FirstFlowLog onNew={openNew} />}
      {answer.data && !isFirst && (
        <>
          <Toolbar total={answer.data.TotalNum} isFetching={answer.isFetching} onRefresh={answer.refetch} />
          {answer.data.TotalNum === 0 ? (
            <Empty title={flowLogs.nothingFound(search.name ?? '')}>
              <Button onPress={() => show({ name: undefined })}>{flowLogs.clearFind}</Button>
            </Empty>
          ) : (
            <FlowLogTable flowLogs={answer.data.FlowLog} search={search} onSort={show} />
          )}
          {answer.data.TotalNum > 0 && (
            <Pager
              page={Number(search.page ?? 1)}
              pageSize={PAGE_SIZE}
              total={answer.data.TotalNum}
              onPage={(page, isMend) => show({ page: String(page) }, isMend)}
            />
          )}
        </>
      )}
      {search.open === 'new' && mayChange && (
        <Suspense>
          <NewFlowLogDialog
            gateway={search.gateway}
            onClose={() => show({ open: undefined, gateway: undefined })}
          />
        </Suspense>
      )}
    </Page>
  )
}

/** The address, and a way to change it; what changes the list leads back to its first page. */
function useAddress() {
  const search = useSearch({ from: '/shell/flow-logs' })
  const navigate = useNavigate()
  const show = (change: FlowLogsSearch, replace = false) => {
    const first = 'name' in change || 'order' in change ? { page: undefined } : {}
    void navigate({ to: '/flow-logs', search: { ...search, ...first, ...change }, replace })
  }
  return { search, show }
}

function requestOf({ name, order, direction, page }: FlowLogsSearch): RequestOf<'DescribeFlowLogs'> {
  return {
    Limit: PAGE_SIZE,
    Offset: (Number(page ?? 1) - 1) * PAGE_SIZE,
    OrderField: order === 'name' ? 'flowLogName' : 'createTime',
    OrderDirection: direction === 'ascending' ? 'ASC' : 'DESC',
    ...(name === undefined ? {} : { FlowLogName: name }),
  }
}

type ToolbarProps = { total: number; isFetching: boolean; onRefresh(): unknown }

function Toolbar({ total, isFetching, onRefresh }: ToolbarProps) {
  const { flowLogs, common } = useWords()
  return (
    <div className={styles.toolbar}>
      <FindByName />
      <IconButton
        icon="refresh"
        label={common.refresh}
        onPress={() => void onRefresh()}
        isPending={isFetching}
      />
      <span role="status" className={styles.count}>
        {flowLogs.count(total)}
      </span>
    </div>
  )
}

/** How long the typing must rest before the list follows. Unit: milliseconds. */
const TYPING_RESTS = 250

function FindByName() {
  const { flowLogs } = useWords()
  const search = useSearch({ from: '/shell/flow-logs' })
  const navigate = useNavigate()
  const [text, setText] = useState(search.name ?? '')

  useEffect(() => {
    if (text === (search.name ?? '')) return
    const timer = setTimeout(() => {
      const name = text === '' ? undefined : text
      void navigate({ to: '/flow-logs', search: { ...search, name, page: undefined }, replace: true })
    }, TYPING_RESTS)
    return () => clearTimeout(timer)
  }, [text, search, navigate])

  return <SearchField label={flowLogs.find} value={text} onChange={setText} />
}
