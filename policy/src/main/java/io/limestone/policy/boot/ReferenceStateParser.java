package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.policy.TextPattern;
import io.limestone.policy.boot.ReferenceState.Digests;
import io.limestone.policy.boot.ReferenceState.Firmware;
import io.limestone.policy.boot.ReferenceState.Kernel;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Reads a reference state; every complaint says where it is of. */
final class ReferenceStateParser {
  private final PolicyNode document;

  ReferenceStateParser(PolicyNode document) {
    this.document = document;
  }

  ReferenceState parse() {
    boolean secureBoot = !document.has("has_secureboot") || document.flag("has_secureboot");
    return new ReferenceState(
        secureBoot,
        list(document, "scrtm_and_bios", ReferenceStateParser::firmware),
        Map.of(
            "PK", keys("pk"),
            "KEK", keys("kek"),
            "db", keys("db"),
            "vendor_db", document.has("vendor_db") ? keys("vendor_db") : Set.of()),
        keys("dbx"),
        list(document, "mokdig", ReferenceStateParser::digests),
        list(document, "mokxdig", ReferenceStateParser::digests),
        list(document, "kernels", kernel -> kernel(kernel, secureBoot)));
  }

  private static Firmware firmware(PolicyNode node) {
    return new Firmware(
        digests(node.object("scrtm").orElseThrow(() -> node.fault("scrtm", "is missing"))),
        list(node, "platform_firmware", ReferenceStateParser::digests));
  }

  private static Kernel kernel(PolicyNode node, boolean secureBoot) {
    List<Digests> loaders = new ArrayList<>();
    loaders.add(sha256(node, "shim_authcode_sha256"));
    loaders.add(sha256(node, "grub_authcode_sha256"));
    if (secureBoot) {
      loaders.add(sha256(node, "kernel_authcode_sha256"));
    }
    return new Kernel(
        List.copyOf(loaders),
        secureBoot ? List.of() : List.of(sha256(node, "vmlinuz_plain_sha256")),
        sha256(node, "initrd_plain_sha256"),
        required(
            node,
            "kernel_cmdline",
            text -> TextPattern.of(ReferenceState.COMMAND_LINE + text, "expression")));
  }

  private static Digests sha256(PolicyNode node, String name) {
    return new Digests(Map.of(HashAlg.SHA256, hex(node, name)));
  }

  private static Digests digests(PolicyNode node) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    for (String alg : node.names()) {
      Bytes digest = hex(node, alg);
      HashAlg.named(alg).ifPresent(bank -> digests.put(bank, digest));
    }
    return new Digests(digests);
  }

  private Set<ReferenceState.Key> keys(String name) {
    return Set.copyOf(
        new LinkedHashSet<>(
            list(
                document,
                name,
                key ->
                    new ReferenceState.Key(
                        required(key, "SignatureOwner", Guid::of), hex(key, "SignatureData")))));
  }

  private static Bytes hex(PolicyNode node, String name) {
    return required(
        node,
        name,
        text -> {
          if (!text.matches("0x[0-9a-f]+")) {
            throw new MalformedException("is not 0x and hex digits in lower case");
          }
          return Bytes.ofHex(text.substring(2));
        });
  }

  private static <T> T required(PolicyNode node, String name, Function<String, T> reader) {
    return node.text(name, reader).orElseThrow(() -> node.fault(name, "is missing"));
  }

  private static <T> List<T> list(PolicyNode node, String name, Function<PolicyNode, T> reader) {
    if (!node.has(name)) {
      throw node.fault(name, "is missing");
    }
    return node.each(name, reader);
  }
}
