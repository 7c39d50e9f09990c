package io.limestone.keylime;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;

/**
 * The algorithms that an enrolment accepts, by Keylime's words: {@code accept_tpm_hash_algs},
 * {@code accept_tpm_encryption_algs}, {@code accept_tpm_signing_algs}. What the words mean (that
 * {@code rsa} is {@code rsa2048}) is for the appraisal.
 */
public record AcceptedAlgs(List<String> hash, List<String> encryption, List<String> signing) {
  private static final int MAX_LISTED = 64;

  public AcceptedAlgs {
    hash = bounded(hash);
    encryption = bounded(encryption);
    signing = bounded(signing);
  }

  static AcceptedAlgs fromJson(JsonObject json) {
    return new AcceptedAlgs(
        json.strings("accept_tpm_hash_algs"),
        json.strings("accept_tpm_encryption_algs"),
        json.strings("accept_tpm_signing_algs"));
  }

  void putInto(Fields json) {
    json.put("accept_tpm_hash_algs", hash)
        .put("accept_tpm_encryption_algs", encryption)
        .put("accept_tpm_signing_algs", signing);
  }

  private static List<String> bounded(List<String> words) {
    if (words.size() > MAX_LISTED) {
      throw new MalformedException("more than " + MAX_LISTED + " algorithms listed");
    }
    return List.copyOf(words);
  }
}
