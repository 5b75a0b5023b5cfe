/**
 * Colours the tokens of a query in the editor.
 *
 * Hides: how decorations are made; the colours stand in `query.css`.
 * Knows nothing of: what the tokens mean to the server.
 */

import { type Extension, RangeSetBuilder } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view'
import { type TokenKind, tokens } from './tokens'

/** Marks every token with the class `query-<kind>`. A query has at most 12 KB, so all of it is read at every change. */
export const highlighting: Extension = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = decorationsOf(view)
    }

    update(update: ViewUpdate): void {
      if (update.docChanged) this.decorations = decorationsOf(update.view)
    }
  },
  { decorations: plugin => plugin.decorations },
)

const MARKS = new Map<TokenKind, Decoration>()

function markOf(kind: TokenKind): Decoration {
  const mark = MARKS.get(kind) ?? Decoration.mark({ class: `query-${kind}` })
  MARKS.set(kind, mark)
  return mark
}

function decorationsOf(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  for (const { kind, from, to } of tokens(view.state.doc.toString())) builder.add(from, to, markOf(kind))
  return builder.finish()
}
