package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.util.List;

/**
 * The policies that guard endorsement keys (TCG EK Credential Profile 2.5, appendix B.6), computed
 * as the TPM does (TPM 2.0 Library part 3, sections 23.4 and 23.6), but for policy C, which depends
 * on the Name of an NV index that the profile fixes.
 */
final class EkPolicy {
  private static final Bytes POLICY_SECRET =
      ByteWriter.bigEndian().u32(0x151).u32(0x4000000B).toBytes();
  private static final Bytes POLICY_OR = ByteWriter.bigEndian().u32(0x171).toBytes();

  private EkPolicy() {}

  /** PolicySecret(TPM_RH_ENDORSEMENT). */
  static Bytes a(HashAlg hash) {
    return hash.digest(hash.digest(hash.zeros(), POLICY_SECRET));
  }

  /** PolicyOR(A, C). */
  static Bytes b(HashAlg hash) {
    return hash.digest(hash.zeros(), POLICY_OR, a(hash), c(hash));
  }

  /** The branches of B, in their order. */
  static List<Bytes> branches(HashAlg hash) {
    return List.of(a(hash), c(hash));
  }

  /** PolicyAuthorizeNV of the policy index of this hash. */
  private static Bytes c(HashAlg hash) {
    return switch (hash) {
      case SHA256 ->
          Bytes.ofHex("3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde");
      case SHA384 ->
          Bytes.ofHex(
              "d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5"
                  + "b4947c2d73e63005eed2dc2b3593d165");
      case SHA512 ->
          Bytes.ofHex(
              "589ee1e146544716e8deafe6db247b01b81e9f9c7dd16b814aa159138749105f"
                  + "ba5388dd1dea702f35240c184933121e2c61b8f50d3ef91393a49a38c3f73fc8");
      case SHA1, SM3_256 -> throw new IllegalArgumentException("no EK policy for " + hash);
    };
  }
}
