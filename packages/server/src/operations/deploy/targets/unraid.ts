/** Unraid: a template for its Docker page. Its own user owns the share, and the state lies in appdata. */
import { type Deployment, type DeployTarget, graceSeconds, imageStateDirectory } from '../contract.ts';
import { envFile } from '../env-file.ts';

/** `nobody:users`, which owns what Unraid shares. */
const user = '99:100';
const share = '/mnt/user/appdata/openclaw';

export const unraidTarget: DeployTarget = {
  name: 'unraid',
  aliases: [],
  title: 'Unraid',
  page: 'unraid.md',
  files: (deployment) => [{ path: 'my-openclaw.xml', text: template(deployment) }, envFile(deployment)],
  next: () => [
    `mkdir -p ${share} && chown -R ${user} ${share} && chmod 700 ${share}`,
    'cp my-openclaw.xml /boot/config/plugins/dockerMan/templates-user/',
    '# Docker > Add Container > openclaw; the token is in .env',
    'openclaw deploy check --container openclaw',
  ],
};

function template(deployment: Deployment): string {
  const { image, port, memoryMib, drainTimeoutMs, credential } = deployment;
  const extra = [
    `--user ${user}`,
    '--read-only --tmpfs /tmp:mode=1777,size=256m',
    '--cap-drop ALL --security-opt no-new-privileges:true',
    `--memory ${memoryMib}m --pids-limit 1024 --stop-timeout ${graceSeconds(deployment)} --restart unless-stopped`,
  ].join(' ');
  return `<?xml version="1.0"?>
<!-- Written by \`openclaw deploy unraid\`. It holds no secret: the token is asked for, and stands in .env beside this file. -->
<Container version="2">
  <Name>openclaw</Name>
  <Repository>${escape(image)}</Repository>
  <Network>bridge</Network>
  <Shell>bash</Shell>
  <Privileged>false</Privileged>
  <Overview>OpenClaw: a self-hosted gateway and runtime for AI agents</Overview>
  <WebUI>http://[IP]:[PORT:${port}]/</WebUI>
  <ExtraParams>${escape(extra)}</ExtraParams>
  <Config Name="Port" Target="${port}" Default="${port}" Mode="tcp" Type="Port" Display="always" Required="true" Mask="false">${port}</Config>
  <Config Name="State" Target="${imageStateDirectory}" Default="${share}" Mode="rw" Type="Path" Display="always" Required="true" Mask="false">${share}</Config>
  <Config Name="Token" Target="${credential}" Type="Variable" Display="always" Required="true" Mask="true" />
  <Config Name="Port inside" Target="OPENCLAW_GATEWAY_PORT" Default="${port}" Type="Variable" Display="advanced" Required="true" Mask="false">${port}</Config>
  <Config Name="Drain" Target="OPENCLAW_DRAIN_TIMEOUT_MS" Default="${drainTimeoutMs}" Type="Variable" Display="advanced" Required="false" Mask="false">${drainTimeoutMs}</Config>
</Container>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
