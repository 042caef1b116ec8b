/**
 * Which credential a connection sends: the one that was given, else the token that the gateway issued to this device. After the gateway has
 * refused the one, the other is tried, once; a device's token goes only to where nobody in between can take it.
 */
import type { ConnectAuth } from '@openclaw/protocol';
import type { ControlError } from './control-error.ts';

export interface ControlAuth {
  /** The gateway's own token. */
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  /** Issued to this device by an earlier `hello`, and kept by the caller. */
  readonly deviceToken?: string | undefined;
}

export interface CredentialsOptions {
  readonly auth: ControlAuth;
  readonly hasDevice: boolean;
  /** The gateway is this machine, or its certificate is known. */
  readonly isTrustedTransport: boolean;
  /** Told a token to keep, or that the kept one holds no longer. */
  readonly onDeviceToken: (token: string | undefined) => void;
}

export interface Credentials {
  current(): ConnectAuth;
  /** Whether there is another credential to try now. */
  refused(error: ControlError): boolean;
  accepted(issuedDeviceToken: string | undefined): void;
}

export function createCredentials({ auth, hasDevice, isTrustedTransport, onDeviceToken }: CredentialsOptions): Credentials {
  const { token, password } = auth;
  const explicit: ConnectAuth | undefined =
    token === undefined && password === undefined
      ? undefined
      : { ...(token === undefined ? {} : { token }), ...(password === undefined ? {} : { password }) };
  let deviceToken = auth.deviceToken;
  let usesDeviceToken = explicit === undefined;
  /** Since a connection last succeeded: two credentials that are both wrong must not be sent in turns. */
  let hasSwitched = false;

  return {
    current() {
      if (!usesDeviceToken || deviceToken === undefined) return explicit ?? {};
      return { deviceToken };
    },
    refused({ code }) {
      if (code === 'AUTH_DEVICE_TOKEN_MISMATCH' && usesDeviceToken && deviceToken !== undefined) {
        deviceToken = undefined;
        onDeviceToken(undefined);
        usesDeviceToken = explicit === undefined;
        return explicit !== undefined && !hasSwitched && (hasSwitched = true);
      }
      const mayTryDevice = hasDevice && isTrustedTransport && deviceToken !== undefined && !usesDeviceToken && !hasSwitched;
      if (code !== 'AUTH_TOKEN_MISMATCH' || !mayTryDevice) return false;
      usesDeviceToken = true;
      hasSwitched = true;
      return true;
    },
    accepted(issued) {
      hasSwitched = false;
      if (issued === undefined || issued === deviceToken) return;
      deviceToken = issued;
      onDeviceToken(issued);
    },
  };
}
