package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.PolicyPrograms;
import io.limestone.systemtest.parts.Workplace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The policy of a container image is that of the file system that umoci unpacks of it and
 * keylime-policy hashes, in whatever form skopeo stores it.
 */
class ContainerImagesTest {
  /** Layers as umoci writes them, the last one by hand, since umoci makes no opaque directories. */
  private static final String BUILD =
      """
      umoci init --layout layout
      umoci new --image layout:t
      umoci unpack --image layout:t bundle
      cd bundle/rootfs
      mkdir -p usr/bin usr/lib/x etc/conf.d opt/app/sub home/u srv/gone
      for name in a b c d 'with blank' é; do echo "content of $name" >"usr/bin/$name"; done
      ln usr/bin/a usr/bin/a2
      ln -s usr/bin bin
      ln -s usr/lib lib
      echo 1 >etc/conf.d/1
      echo 2 >etc/conf.d/2
      echo y >opt/app/sub/y
      echo g >srv/gone/g
      echo x >usr/lib/x/x
      echo user >home/u/file
      chown 1000:1000 home/u/file
      long=$(printf 'n%.0s' $(seq 200))
      mkdir "usr/$long"
      echo long >"usr/$long/$long"
      mkfifo usr/pipe
      /usr/bin/python3 -c 'import os; os.setxattr("usr/bin/c", "security.ima", b"\\3\\2" * 999)'
      truncate -s 300000 usr/bin/sparse
      cd ../..
      umoci repack --image layout:t bundle

      cd bundle/rootfs
      rm usr/bin/b bin lib
      mkdir bin lib
      echo sh >bin/sh
      echo y >lib/y
      rm -r opt/app/sub srv/gone
      ln -s ../../usr/lib/x opt/app/sub
      echo file >srv/gone
      rm usr/bin/c
      mkdir usr/bin/c
      echo inner >usr/bin/c/inner
      echo d2 >usr/bin/d
      ln usr/bin/a usr/bin/a3
      cd ../..
      rm bundle/rootfs/usr/pipe
      umoci repack --image layout:t bundle
      rm -r bundle

      mkdir -p top/etc/conf.d top/usr/bin
      touch top/etc/conf.d/.wh..wh..opq top/usr/bin/.wh.d
      echo 3 >top/etc/conf.d/3
      tar -C top -b1 -cf top.tar etc/conf.d/3 etc/conf.d/.wh..wh..opq usr/bin/.wh.d
      umoci raw add-layer --image layout:t top.tar
      umoci unpack --image layout:t bundle

      for way in gzip zstd zstd:chunked; do
        skopeo copy -q --dest-compress --dest-compress-format $way oci:layout:t "oci:$(echo $way | tr : -):t"
      done
      skopeo copy -q --dest-decompress oci:layout:t dir:folder
      skopeo copy -q --dest-oci-accept-uncompressed-layers dir:folder oci:plain:t
      skopeo copy -q --format v2s2 oci:layout:t oci:v2s2:t
      skopeo copy -q oci:layout:t oci-archive:oci.tar:t
      skopeo copy -q oci:layout:t docker-archive:docker.tar:example/app:t
      gzip -k docker.tar
      """;

  private static PolicyPrograms both = new PolicyPrograms(Path.of(""), "");
  private static Map<String, @Nullable Object> truth = Map.of();

  @BeforeAll
  static void images() throws IOException {
    both = PolicyPrograms.in(Workplace.empty(ContainerImagesTest.class));
    both.shell(BUILD).succeeded();
    truth = both.policyOfTheirs("--rootfs", "bundle/rootfs");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "layout",
        "gzip",
        "zstd",
        "zstd-chunked",
        "plain",
        "v2s2",
        "oci.tar",
        "docker.tar",
        "docker.tar.gz",
        "layout --image-name t --platform linux/amd64",
        "docker.tar --image-name docker.io/example/app:t --platform linux/amd64"
      })
  void theSamePolicyAsOfTheUnpackedImage(String image) throws IOException {
    assertThat(policy("--image " + image)).isEqualTo(truth);
  }

  private static Map<String, @Nullable Object> policy(String options) throws IOException {
    return both.policyOfOurs(options.split(" ", -1));
  }

  @Test
  void everyKindOfChangeIsInTheTruth() {
    assertThat(truth.toString())
        .contains("/usr/bin/a3", "/usr/bin/with_blank", "/usr/bin/é", "/bin/sh", "/etc/conf.d/3")
        .contains("/usr/bin/c/inner", "/srv/gone", "/lib/y", "/usr/lib/x/x", "nnn")
        .doesNotContain("/usr/bin/b", "/usr/bin/d", "/etc/conf.d/1", "/opt/app", "/home", "sub");
  }

  @Test
  void oneOfSeveralImagesAndPlatforms() throws IOException {
    both.shell(
            """
            cp -r layout two
            umoci new --image two:empty
            skopeo copy -q oci:layout:t docker-archive:two.tar:a:1 --additional-tag b:2
            """)
        .succeeded();
    assertThat(policy("--image two --image-name t")).isEqualTo(truth);
    assertThat(policy("--image two --image-name empty").toString()).doesNotContain("/usr/bin");
    assertThat(policy("--image two.tar --image-name docker.io/library/b:2")).isEqualTo(truth);
    assertThat(both.ours("--image", "two").output()).contains("2 images fit", "t", "empty");
    assertThat(both.ours("--image", "two", "--image-name", "other").exit()).isEqualTo(2);
    assertThat(both.ours("--image", "oci.tar", "--platform", "linux/s390x").exit()).isEqualTo(2);
  }
}
