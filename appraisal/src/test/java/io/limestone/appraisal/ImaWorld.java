package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;

import io.limestone.evidence.Span;
import io.limestone.policy.ImaKey;
import io.limestone.policy.RuntimePolicy;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.ima.MeasuringKernel;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files, keys, firmware and devices of the nodes in {@link ImaHistoriesTest}, and the policies
 * that they are judged by.
 */
final class ImaWorld {
  static final List<HashAlg> HASHES =
      List.of(HashAlg.SHA1, HashAlg.SHA256, HashAlg.SHA384, HashAlg.SHA512);
  static final List<String> TEMPLATES =
      List.of("ima", "ima-ng", "ima-sig", "ima-ngv2", "ima-sigv2", "ima-modsig", "evm-sig");
  static final List<String> FIRMWARE = List.of("firmware0", "firmware1", "firmware2");
  static final List<String> PATHS =
      List.of(
          "/usr/bin/a",
          "/usr/bin/b c",
          "/usr/lib/\"d\"'",
          "/opt/\u001b[31m",
          "/srv/\u00e4\u20ac",
          "/tmp/e\tf",
          "g");

  /** Listed as several lines; a violation of it could not be told from garbage. */
  static final String BROKEN = "/tmp/x\n\n10 0000 y";

  /** No policy has its digests: only that {@link #KEY} signed it lets it run. */
  static final String SIGNED = "/opt/signed";

  static final List<String> CONTENTS = List.of("one", "two");
  private static final Map<Bytes, Bytes> SIGNATURES = new HashMap<>();
  private static final KeyPair PAIR = pair();
  static final Bytes KEY = Bytes.of(PAIR.getPublic().getEncoded());

  /** Allows both contents of every file, and nothing else. */
  static final RuntimePolicy STRICT = strict();

  /** Allows whatever can be allowed: what it refuses, no policy lets pass. */
  static final RuntimePolicy ANYTHING =
      TestNode.policy(
          Map.of(
              "digests", Map.of("boot_aggregate", bootAggregates()),
              "excludes", List.of("(?s:.*)"),
              "keyrings", keyrings()));

  private ImaWorld() {}

  /** A device that the initial RAM disk sets up, and one that comes and goes. */
  static String device(String name) {
    return "name=" + name + ",uuid=LVM-" + name + ",major=253,minor=0,minor_count=1,num_targets=1;";
  }

  static String load(String name, String origin) {
    return "dm_version=4.45.0;"
        + device(name)
        + "target_index=0,target_begin=0,target_len=8,target_name=linear,target_version=1.4.0,"
        + "device_name="
        + origin
        + ",start=0;";
  }

  static String resume(String name, String origin) {
    return "dm_version=4.45.0;"
        + device(name)
        + "active_table_hash="
        + table(name, origin)
        + ";current_device_capacity=8;";
  }

  static String remove(String name, String origin) {
    return "dm_version=4.45.0;device_active_metadata="
        + device(name)
        + "active_table_hash="
        + table(name, origin)
        + ",remove_all=n;current_device_capacity=8;";
  }

  private static String table(String name, String origin) {
    return "sha256:" + HashAlg.SHA256.digest(bytes(load(name, origin))).hex();
  }

  /** As {@code evmctl ima_sign} does, version 2. */
  static Bytes sign(HashAlg alg, Bytes digest) {
    return SIGNATURES.computeIfAbsent(digest, unsigned -> signed(alg, unsigned));
  }

  private static Bytes signed(HashAlg alg, Bytes digest) {
    try {
      Signature signer = Signature.getInstance("NONEwithRSA");
      signer.initSign(PAIR.getPrivate());
      signer.update(Bytes.concat(digestInfo(alg), digest).toArray());
      Bytes signature = Bytes.of(signer.sign());
      return ByteWriter.bigEndian()
          .u8(3)
          .u8(2)
          .u8(number(alg))
          .u32(keyId())
          .u16(signature.size())
          .bytes(signature)
          .toBytes();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int number(HashAlg alg) {
    return switch (alg) {
      case SHA1 -> 2;
      case SHA256 -> 4;
      case SHA384 -> 5;
      case SHA512 -> 6;
      case SM3_256 -> 17;
    };
  }

  private static Bytes digestInfo(HashAlg alg) {
    return Bytes.ofHex(
        switch (alg) {
          case SHA1, SM3_256 -> ""; // such a signature is not believed, whatever it is over
          case SHA256 -> "3031300d060960864801650304020105000420";
          case SHA384 -> "3041300d060960864801650304020205000430";
          case SHA512 -> "3051300d060960864801650304020305000440";
        });
  }

  private static long keyId() {
    return ImaKey.ofBuffer(Span.of(KEY.toArray())) instanceof ImaKey.Measured.Usable usable
        ? usable.key().id()
        : 0;
  }

  private static KeyPair pair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA"); // verified quickly
      generator.initialize(1024);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static RuntimePolicy strict() {
    Map<String, Object> digests = new LinkedHashMap<>();
    List<String> paths = new ArrayList<>(PATHS);
    paths.add(BROKEN);
    for (String path : paths) {
      digests.put(
          path.replace(' ', '_'),
          ofEveryHash(CONTENTS.stream().map(content -> path + content).toArray(String[]::new)));
    }
    digests.put("boot_aggregate", bootAggregates());
    return TestNode.policy(
        Map.of(
            "digests", digests,
            "keyrings", keyrings(),
            "ima-buf", Map.of("kexec-cmdline", ofEveryHash("quiet", "debug")),
            "dm-policy", Json.object(DEVICES)));
  }

  private static Map<String, Object> keyrings() {
    List<String> digests = new ArrayList<>();
    HASHES.forEach(hash -> digests.add(hash.digest(KEY).hex()));
    return Map.of(".ima", digests);
  }

  private static List<String> ofEveryHash(String... contents) {
    List<String> digests = new ArrayList<>();
    for (String content : contents) {
      HASHES.forEach(hash -> digests.add(hash.digest(bytes(content)).hex()));
    }
    return digests;
  }

  /** For banks that are not quoted. */
  private static List<String> bootAggregates() {
    List<String> digests = new ArrayList<>();
    SoftwareTpm tpm = new TestNode().tpm;
    HASHES.forEach(tpm::allocate);
    MeasuringKernel kernel = new MeasuringKernel(tpm);
    for (String firmware : FIRMWARE) {
      kernel.boot(firmware, "ima-ng");
      for (HashAlg hash : HASHES) {
        int pcrs = hash == HashAlg.SHA1 ? 0xff : 0x3ff;
        digests.add(tpm.pcrs(new PcrSelection(hash, pcrs)).digest().hex());
      }
    }
    return digests;
  }

  private static final String DEVICES =
      """
      {"version": 1, "match_on": "name", "rules": {
        "root": {
          "required": true, "device_resume_required": true,
          "device_rename": {"valid_name": false, "valid_uuid": false},
          "device_remove": {"allow_removal": false}, "allow_clear": false,
          "table_load": {"allow_multiple_loads": false, "name": "root", "uuid": "LVM-root",
            "targets": [{"target_name": "linear", "start": 0, "device_name": "8:[12]"}]}},
        "data": {
          "required": false, "device_resume_required": true,
          "device_rename": {"valid_name": false, "valid_uuid": false},
          "device_remove": {"allow_removal": true}, "allow_clear": false,
          "table_load": {"allow_multiple_loads": false, "name": "data.*", "uuid": "LVM-.*",
            "targets": [{"target_name": "linear", "start": 0, "device_name": "8:[0-9]"}]}},
        "kept": {
          "required": false, "device_resume_required": false,
          "device_rename": {"valid_name": false, "valid_uuid": false},
          "device_remove": {"allow_removal": false}, "allow_clear": false,
          "table_load": {"allow_multiple_loads": false, "name": "kept", "uuid": "LVM-.*",
            "targets": [{"target_name": "linear"}]}}}}
      """;
}
