/** What a flow log can do without: a description and tags. */

import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from 'react-aria-components'
import { Button, IconButton } from '../../../ui/button'
import { TextField } from '../../../ui/field'
import { Icon } from '../../../ui/icon'
import { useWords } from '../../../words/words'
import type { Tag } from './draft'
import styles from './form.module.css'
import type { FormPart } from './new-flow-log-dialog'

type Props = FormPart & { serverSays: string | undefined }

export function AdvancedFields(props: Props) {
  const { draft, change, say, wrong, serverSays } = props
  const { newFlowLog } = useWords()
  // What is wrong must be seen.
  const mustShow =
    say('description') !== undefined || (wrong.tagRows?.size ?? 0) > 0 || serverSays !== undefined
  return (
    <Disclosure className={styles.advanced ?? ''} {...(mustShow ? { isExpanded: true } : {})}>
      <Heading level={3}>
        <AriaButton slot="trigger" className={styles.trigger ?? ''}>
          <Icon name="chevron" />
          {newFlowLog.advanced}
        </AriaButton>
      </Heading>
      <DisclosurePanel className={styles.advancedPanel ?? ''}>
        <TextField
          label={newFlowLog.description}
          optional
          multiline
          value={draft.description}
          onChange={description => change({ description })}
          wrong={say('description')}
        />
        <TagFields {...props} />
      </DisclosurePanel>
    </Disclosure>
  )
}

function TagFields({ draft, change, say, wrong, serverSays }: Props) {
  const { newFlowLog } = useWords()
  const { tags } = draft
  const add = () => {
    const row = 1 + Math.max(0, ...tags.map(tag => tag.row))
    change({ tags: [...tags, { row, key: '', value: '' }] })
  }
  const replace = (tag: Tag) => change({ tags: tags.map(other => (other.row === tag.row ? tag : other)) })
  const remove = (row: number) => change({ tags: tags.filter(tag => tag.row !== row) })
  const mistake = say('tags') ?? serverSays
  return (
    <section aria-label={newFlowLog.tags} className={styles.tags}>
      {tags.map(tag => {
        const word = wrong.tagRows?.get(tag.row)
        return (
          <div key={tag.row} className={styles.tag}>
            <TextField
              label={newFlowLog.tagKey}
              value={tag.key}
              onChange={key => replace({ ...tag, key })}
              wrong={word && newFlowLog.wrong[word]}
            />
            <TextField
              label={newFlowLog.tagValue}
              value={tag.value}
              onChange={value => replace({ ...tag, value })}
            />
            <IconButton icon="close" label={newFlowLog.removeTag(tag.key)} onPress={() => remove(tag.row)} />
          </div>
        )
      })}
      {mistake && (
        <p role="alert" className={styles.wrong}>
          {mistake}
        </p>
      )}
      <div>
        <Button icon="plus" onPress={add}>
          {newFlowLog.addTag}
        </Button>
      </div>
      <p className={styles.hint}>{newFlowLog.tagHelp}</p>
    </section>
  )
}
