package io.limestone.tss;

import java.util.Map;

/**
 * Return codes as words (TPM 2.0 Library part 2, section 6.6; TSS 2.0 Overview, section 3.3). The
 * third byte names the layer that failed; 0 is the TPM itself.
 */
final class ReturnCode {
  static final int OBJECT_MEMORY = 0x902;
  static final int SESSION_MEMORY = 0x903;
  static final int HANDLE_MASK = 0xbf;

  private static final Map<Integer, String> LAYERS =
      Map.of(
          6,
          "FAPI",
          7,
          "ESYS",
          8,
          "SYS",
          9,
          "MU",
          10,
          "TCTI",
          11,
          "resource manager",
          12,
          "resource manager, TPM");

  private static final Map<Integer, String> FORMAT_ZERO =
      Map.ofEntries(
          Map.entry(0x100, "INITIALIZE: TPM2_Startup has not been done"),
          Map.entry(0x101, "FAILURE: the TPM is in failure mode"),
          Map.entry(0x120, "DISABLED: the command is disabled"),
          Map.entry(0x124, "AUTH_TYPE: this kind of authorization does not fit the command"),
          Map.entry(0x125, "AUTH_MISSING: an authorization is missing"),
          Map.entry(0x126, "POLICY: policy failure or invalid authPolicy"),
          Map.entry(0x12f, "AUTH_UNAVAILABLE: authValue or authPolicy is not available"),
          Map.entry(0x130, "REBOOT: the TPM needs a restart"),
          Map.entry(0x143, "COMMAND_CODE: command not supported"),
          Map.entry(0x146, "NV_RANGE: outside of the NV index"),
          Map.entry(0x148, "NV_LOCKED: NV access is locked"),
          Map.entry(0x149, "NV_AUTHORIZATION: NV access is not authorized"),
          Map.entry(0x14a, "NV_UNINITIALIZED: the NV index was never written"),
          Map.entry(0x155, "SENSITIVE: the sensitive area does not decrypt"),
          Map.entry(OBJECT_MEMORY, "OBJECT_MEMORY: no room for another loaded object"),
          Map.entry(SESSION_MEMORY, "SESSION_MEMORY: no room for another session"),
          Map.entry(0x904, "MEMORY: out of object or session memory"),
          Map.entry(0x905, "SESSION_HANDLES: out of session handles"),
          Map.entry(0x907, "LOCALITY: not allowed from this locality"),
          Map.entry(0x90a, "TESTING: the TPM is testing itself"),
          Map.entry(0x910, "REFERENCE_H0: the first handle is not loaded"),
          Map.entry(0x911, "REFERENCE_H1: the second handle is not loaded"),
          Map.entry(0x918, "REFERENCE_S0: the session is not loaded"),
          Map.entry(0x921, "LOCKOUT: too many failed authorizations"),
          Map.entry(0x922, "RETRY: the TPM could not start the command"));

  private static final Map<Integer, String> FORMAT_ONE =
      Map.ofEntries(
          Map.entry(0x01, "ASYMMETRIC: asymmetric algorithm not supported"),
          Map.entry(0x02, "ATTRIBUTES: inconsistent attributes"),
          Map.entry(0x03, "HASH: hash algorithm not supported"),
          Map.entry(0x04, "VALUE: value out of range"),
          Map.entry(0x05, "HIERARCHY: hierarchy not enabled"),
          Map.entry(0x07, "KEY_SIZE: key size not supported"),
          Map.entry(0x0a, "TYPE: type not appropriate"),
          Map.entry(0x0b, "HANDLE: nothing at this handle"),
          Map.entry(0x0d, "RANGE: value out of range"),
          Map.entry(0x0e, "AUTH_FAIL: wrong authorization value (counts towards lockout)"),
          Map.entry(0x12, "SCHEME: unsupported scheme"),
          Map.entry(0x15, "SIZE: structure has the wrong size"),
          Map.entry(0x16, "SYMMETRIC: symmetric algorithm not supported"),
          Map.entry(0x17, "TAG: incorrect structure tag"),
          Map.entry(0x1c, "KEY: key does not fit the use"),
          Map.entry(0x1d, "POLICY_FAIL: the policy is not satisfied"),
          Map.entry(0x1f, "INTEGRITY: integrity check failed, made for another key or TPM"),
          Map.entry(0x22, "BAD_AUTH: wrong authorization value"),
          Map.entry(0x25, "BINDING: public and private part do not belong together"),
          Map.entry(0x26, "CURVE: curve not supported"),
          Map.entry(0x27, "ECC_POINT: point not on the curve"));

  private static final Map<Integer, String> SOFTWARE =
      Map.of(
          1, "general failure",
          6, "buffer too small",
          8, "no connection",
          10, "I/O error",
          11, "bad value",
          12, "not permitted",
          16, "bad size",
          17, "malformed response",
          20, "incompatible TCTI",
          24, "bad handle");

  private ReturnCode() {}

  /** The words for {@code rc}, with the number itself at the end. */
  static String words(int rc) {
    int layer = rc >>> 16 & 0xff;
    int code = rc & 0xffff;
    String number = String.format("(0x%08x)", rc);
    boolean fromTpm = layer == 0 || layer == 12;
    String meaning = fromTpm ? tpm(code) : SOFTWARE.getOrDefault(code, "error " + code);
    String who = layer == 0 ? "TPM" : LAYERS.getOrDefault(layer, "layer " + layer);
    return who + " " + meaning + " " + number;
  }

  /** Whether this is the TPM's {@code base} code, in whichever position it complains about. */
  static boolean isTpm(int rc, int base) {
    int layer = rc >>> 16 & 0xff;
    int code = (rc & 0x80) != 0 ? rc & HANDLE_MASK : rc & 0xfff;
    return (layer == 0 || layer == 11 || layer == 12) && code == base;
  }

  private static String tpm(int code) {
    if ((code & 0x80) == 0) {
      return FORMAT_ZERO.getOrDefault(code & 0xfff, "error");
    }
    String meaning = FORMAT_ONE.getOrDefault(code & 0x3f, "error");
    int position = code >>> 8 & 0xf;
    if ((code & 0x40) != 0) {
      return meaning + ", parameter " + position;
    }
    return meaning + ((position & 8) != 0 ? ", session " + (position & 7) : ", handle " + position);
  }
}
