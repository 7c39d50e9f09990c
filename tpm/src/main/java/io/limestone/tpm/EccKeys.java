package io.limestone.tpm;

import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.jspecify.annotations.Nullable;

/**
 * Keys ready to verify with, by their value. After a few verifications BouncyCastle keeps a table
 * of multiples (about 8 KB) with the point itself, which makes every later one twice as fast; so
 * the points of nodes that are attested again and again are kept. Nothing can be seen of this but
 * the time it takes. Safe for use by several threads.
 */
final class EccKeys {
  private static final int MAX = 16_384;

  private static final Map<PublicKeyArea.Ecc, SoftReference<ECPublicKeyParameters>> READY =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(
            Map.Entry<PublicKeyArea.Ecc, SoftReference<ECPublicKeyParameters>> eldest) {
          return size() > MAX;
        }
      };

  private EccKeys() {}

  /**
   * The key to verify with.
   *
   * @throws io.limestone.wire.MalformedException if its point is not on its curve
   */
  static ECPublicKeyParameters ready(PublicKeyArea.Ecc key) {
    synchronized (READY) {
      ECPublicKeyParameters known = referent(READY.get(key));
      if (known != null) {
        return known;
      }
    }
    ECPublicKeyParameters made =
        new ECPublicKeyParameters(key.curve().point(key.x(), key.y()), key.curve().domain());
    synchronized (READY) {
      READY.put(key, new SoftReference<>(made));
    }
    return made;
  }

  private static @Nullable ECPublicKeyParameters referent(
      @Nullable SoftReference<ECPublicKeyParameters> reference) {
    return reference == null ? null : reference.get();
  }
}
