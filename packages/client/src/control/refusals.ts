/**
 * What can be done about a refusal: the next thing for a person to try, and whether asking again by itself makes sense.
 *
 * The codes are those of the wire. Where the gateway itself says what to do, its words are used instead: see `control-error.ts`.
 */

/** `soon`: it passes by itself. `slowly`: somebody elsewhere has to act first. `never`: nothing changes until the caller changes something. */
export type Patience = 'soon' | 'slowly' | 'never';

export interface Refusal {
  readonly patience: Patience;
  readonly hint: string;
}

const credential = (hint: string): Refusal => ({ patience: 'never', hint });
const ownToken = '`openclaw config get gateway.auth`, run where the gateway runs, says which one it is and where it comes from.';
const resetDevice = 'Forget the identity of this device, and pair it anew.';

const refusals: Readonly<Record<string, Refusal>> = {
  PAIRING_REQUIRED: { patience: 'slowly', hint: 'Approve this device where the gateway runs: `openclaw devices list` shows what asks.' },
  AUTH_RATE_LIMITED: { patience: 'slowly', hint: 'Wait; then try once, with the right credential.' },

  AUTH_REQUIRED: credential(`Send the gateway's token. ${ownToken}`),
  AUTH_UNAUTHORIZED: credential(`Send the gateway's token. ${ownToken}`),
  AUTH_TOKEN_MISSING: credential(`Send the gateway's token. ${ownToken}`),
  AUTH_TOKEN_MISMATCH: credential(`The token that was sent is not this gateway's. ${ownToken}`),
  AUTH_TOKEN_NOT_CONFIGURED: credential('The gateway has no token: set OPENCLAW_GATEWAY_TOKEN or gateway.auth.token for it.'),
  AUTH_PASSWORD_MISSING: credential(`Send the gateway's password. ${ownToken}`),
  AUTH_PASSWORD_MISMATCH: credential(`The password that was sent is not this gateway's. ${ownToken}`),
  AUTH_PASSWORD_NOT_CONFIGURED: credential('The gateway has no password: set OPENCLAW_GATEWAY_PASSWORD or gateway.auth.password for it.'),
  AUTH_DEVICE_TOKEN_MISMATCH: credential(
    "The token of this device holds no longer: connect with the gateway's token, and it gets a new one.",
  ),
  AUTH_BOOTSTRAP_TOKEN_INVALID: credential('The setup code is used up or too old: make another.'),
  AUTH_SCOPE_MISMATCH: credential('The token of this device does not reach that far: connect with more scopes, and have them approved.'),
  AUTH_IDENTITY_HEADER_REQUIRED: credential('The gateway trusts a proxy to say who you are: connect through it.'),
  AUTH_VERIFIED_USER_REQUIRED: credential('The gateway trusts a proxy to say who you are: connect through it.'),

  DEVICE_IDENTITY_REQUIRED: credential("Connect with a device identity, or with the gateway's token."),
  CONTROL_UI_DEVICE_IDENTITY_REQUIRED: credential('Connect with a device identity.'),
  DEVICE_AUTH_DEVICE_ID_MISMATCH: credential(resetDevice),
  DEVICE_AUTH_PUBLIC_KEY_INVALID: credential(resetDevice),
  DEVICE_AUTH_SIGNATURE_INVALID: credential(resetDevice),
  DEVICE_AUTH_SIGNATURE_EXPIRED: { patience: 'soon', hint: 'Try again; if it lasts, the signature takes longer than two minutes.' },
  DEVICE_AUTH_NONCE_MISMATCH: { patience: 'soon', hint: 'Try again.' },

  CONTROL_UI_ORIGIN_NOT_ALLOWED: credential(
    'Add the origin of this page to gateway.controlUi.allowedOrigins, or open the page from the gateway itself.',
  ),
  CONTROL_UI_BUILD_MISMATCH: credential('Load the page anew: it is of another version than the gateway.'),
  PROTOCOL_MISMATCH: credential('Use a client and a gateway that speak the same version of the protocol.'),
  CLIENT_VERSION_MISMATCH: credential('Use a client and a gateway of the same version.'),
  MISSING_SCOPE: credential('Connect with the scope that is named.'),
};

/** What is known of a code of the wire; undefined where it is none of a handshake. */
export function refusalOf(code: string): Refusal | undefined {
  return Object.hasOwn(refusals, code) ? refusals[code] : undefined;
}
