package io.limestone.cli.node;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Option;
import io.limestone.policy.PcrPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a node is to be judged by, as an enrolment carries it.
 *
 * @param tpmPolicy JSON text with the mask of all PCRs that these policies need
 * @param runtimePolicy the file's bytes
 * @param runtimePolicyKey PEM of the key of a signed policy
 * @param group that it is among when policies are rolled out
 */
record Judging(
    String tpmPolicy,
    Optional<Bytes> runtimePolicy,
    Optional<String> runtimePolicyName,
    Optional<Bytes> runtimePolicyKey,
    Optional<String> bootPolicy,
    Optional<String> bootPolicyName,
    Optional<String> group) {
  /** As everywhere that policies and keys are taken from files. */
  private static final int MAX_POLICY = 256 << 20;

  private static final int MAX_KEY = 64 << 10;

  static final Option RUNTIME =
      Option.value(
          "--runtime-policy",
          "FILE",
          "What the node may execute: Keylime's runtime policy, signed (DSSE) or not");
  static final Option RUNTIME_NAME =
      Option.value(
          "--runtime-policy-name",
          "NAME",
          "A runtime policy stored at the verifier, or the name to store it by");
  static final Option RUNTIME_KEY =
      Option.value(
          "--runtime-policy-key", "FILE", "PEM of the public key of a signed runtime policy");
  static final Option BOOT =
      Option.value("--mb-policy", "FILE", "How the node may have booted: a measured-boot policy");
  static final Option BOOT_NAME =
      Option.value(
          "--mb-policy-name",
          "NAME",
          "A measured-boot policy stored at the verifier, or the name to store it by");
  static final Option TPM =
      Option.value("--tpm-policy", "JSON|FILE", "Values that PCRs must have: {\"15\": [\"00…\"]}");
  static final Option GROUP =
      Option.value(
          "--group",
          "GROUP",
          "A name to address nodes by together, in policy learn, try and canary");
  static final List<Option> OPTIONS =
      List.of(RUNTIME, RUNTIME_NAME, RUNTIME_KEY, BOOT, BOOT_NAME, TPM, GROUP);

  private static final int BOOT_PCRS = 0xfbff; // 0-9 and 11-15

  static Judging of(Arguments arguments) throws IOException {
    Optional<Bytes> runtime = bytes(arguments, RUNTIME, MAX_POLICY, "policy");
    Optional<String> boot = text(arguments, BOOT);
    boot.ifPresent(
        json -> {
          try {
            var unused = Json.object(json);
          } catch (MalformedException e) {
            throw e.in(BOOT.name());
          }
        });
    boolean hasRuntime = runtime.isPresent() || arguments.has(RUNTIME_NAME);
    boolean hasBoot = boot.isPresent() || arguments.has(BOOT_NAME);
    if (arguments.has(RUNTIME_KEY) && runtime.isEmpty()) {
      throw CommandFailed.unusable("--runtime-policy-key belongs to a --runtime-policy");
    }
    return new Judging(
        tpmPolicy(arguments, hasRuntime, hasBoot),
        runtime,
        arguments.get(RUNTIME_NAME),
        bytes(arguments, RUNTIME_KEY, MAX_KEY, "key"),
        boot,
        arguments.get(BOOT_NAME),
        arguments.get(GROUP).map(Judging::group));
  }

  private static String group(String name) {
    if (!name.matches("[A-Za-z0-9._-]{1,80}")) {
      throw CommandFailed.unusable("--group takes 1 to 80 of A-Z a-z 0-9 . _ -");
    }
    return name;
  }

  /** Keylime's free-form JSON about a node, in which Limestone's verifier looks for the group. */
  String metadata() {
    return group.map(name -> Json.text(Map.of("group", name))).orElse("{}");
  }

  /** Whether the machine's software is judged at all, or only which machine it is. */
  boolean judgesSoftware() {
    return runtimePolicy.isPresent()
        || runtimePolicyName.isPresent()
        || bootPolicy.isPresent()
        || bootPolicyName.isPresent()
        || !PcrPolicy.parse(tpmPolicy).allowed().isEmpty();
  }

  /** The TPM policy with its mask: PCRs it names, PCR 10 for IMA, 0-9 and 11-15 for the boot. */
  private static String tpmPolicy(Arguments arguments, boolean runtime, boolean boot)
      throws IOException {
    String given = arguments.get(TPM).orElse("{}");
    PcrPolicy policy;
    try {
      policy =
          PcrPolicy.parse(
              given.stripLeading().startsWith("{") ? given : Files.readString(Path.of(given)));
    } catch (MalformedException e) {
      throw e.in(TPM.name());
    }
    int mask = policy.mask().orElse(0);
    Map<String, Object> json = new LinkedHashMap<>();
    for (var entry : new TreeMap<>(policy.allowed()).entrySet()) {
      int pcr = entry.getKey();
      if (boot && (BOOT_PCRS >>> pcr & 1) == 1) {
        throw CommandFailed.unusable(
            "PCR "
                + pcr
                + " is judged by the measured-boot policy and cannot be in --tpm-policy too");
      }
      mask |= 1 << pcr;
      json.put(String.valueOf(pcr), entry.getValue().stream().map(Bytes::hex).sorted().toList());
    }
    mask |= (runtime ? 1 << PcrPolicy.IMA_PCR : 0) | (boot ? BOOT_PCRS : 0);
    json.put("mask", "0x" + Integer.toHexString(mask));
    return Json.text(json);
  }

  private static Optional<Bytes> bytes(Arguments arguments, Option option, int most, String what)
      throws IOException {
    Optional<Path> file = arguments.path(option);
    return file.isPresent()
        ? Optional.of(Input.read(file.get().toString(), most, what))
        : Optional.empty();
  }

  private static Optional<String> text(Arguments arguments, Option option) throws IOException {
    Optional<Path> file = arguments.path(option);
    return file.isPresent() ? Optional.of(Files.readString(file.get())) : Optional.empty();
  }
}
