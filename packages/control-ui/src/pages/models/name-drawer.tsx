/** What one name stands for: its targets in order, their keys, and where each piece of knowledge comes from. */
import type { ModelDescription, ModelTargetDescription, ModelTargetKey, Sourced } from '@openclaw/protocol';
import type { ComponentChildren } from 'preact';
import { useApp } from '../../app-context.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/feedback.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { formatCount, unknown } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';

const kinds: Readonly<Record<ModelDescription['kind'], string>> = {
  route: 'A route',
  model: 'A model of one provider',
  shared: 'A model that several providers have',
};

export function NameDrawer({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const { admin } = useApp();
  const live = useLive((signal) => admin.json<ModelDescription>(`/admin/v1/models/${encodeURIComponent(name)}`, { signal }), { key: name });
  return (
    <Dialog kind="drawer" title={name} onClose={onClose}>
      <Loaded live={live} lines={6}>
        {({ kind, strategy, afterFirstToken, targets }) => (
          <div class="stack">
            <p>
              {kinds[kind]}; order <Badge tone="info">{strategy}</Badge>; a failure after the first token{' '}
              {afterFirstToken === 'continue' ? 'is continued elsewhere' : 'is an error'}.
            </p>
            {targets.map((target, index) => (
              <Target key={target.name} target={target} position={index + 1} />
            ))}
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function Target({ target, position }: { readonly target: ModelTargetDescription; readonly position: number }) {
  const { price } = target;
  return (
    <section class="target-card">
      <h3>
        <span class="note">{position}.</span> {target.name} {target.weight !== 1 && <span class="note">weight {target.weight}</span>}
      </h3>
      <dl class="facts">
        <dt>Address</dt>
        <dd>
          <span class="mono">{target.address}</span> <span class="note">{target.api}</span>
        </dd>
        <Known label="Context" known={target.contextWindow} format={(tokens) => `${formatCount(tokens)} tokens`} />
        <Known label="Output at most" known={target.maxOutputTokens} format={(tokens) => `${formatCount(tokens)} tokens`} />
        <Known
          label="Price"
          known={price}
          format={({ input, output, cacheRead }) =>
            `$${input} in, $${output} out${cacheRead === null ? '' : `, $${cacheRead} from cache`}, a million tokens`
          }
        />
        <Known label="Can" known={target.abilities} format={(abilities) => abilities.join(', ')} />
        <dt>Keys</dt>
        <dd>{target.keys.length === 0 ? 'none needed' : target.keys.map((key) => <ProviderKey key={key.id} providerKey={key} />)}</dd>
      </dl>
    </section>
  );
}

interface KnownProps<Value> {
  readonly label: string;
  readonly known: Sourced<Value> | null;
  readonly format: (value: Value) => ComponentChildren;
}

function Known<Value>({ label, known, format }: KnownProps<Value>) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {known === null ? unknown : format(known.value)} {known !== null && <span class="note">{known.source}</span>}
      </dd>
    </>
  );
}

const keyTones: Readonly<Record<ModelTargetKey['state'], Tone>> = {
  ok: 'ok',
  refused: 'bad',
  spent: 'bad',
  unreachable: 'warn',
  unknown: 'idle',
};

function ProviderKey({ providerKey: { source, state, reason } }: { readonly providerKey: ModelTargetKey }) {
  return (
    <p>
      <Badge tone={keyTones[state]}>{state}</Badge> {source} {reason !== null && <span class="note">{reason}</span>}
    </p>
  );
}
