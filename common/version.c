#include "common/version.h"

#include <brotli/decode.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>
#include <llhttp.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sodium.h>
#include <stdbool.h>
#include <yaml.h>
#include <zlib.h>
#include <zstd.h>

void version_print(FILE *to)
{
    uint32_t brotli = BrotliDecoderVersion();
    fprintf(to, "rehearse " REHEARSE_VERSION "\n");
    fprintf(to, "%s\n", pcap_lib_version());
    fprintf(to, "libevent %s\n", event_get_version());
    fprintf(to, "%s\n", OpenSSL_version(OPENSSL_VERSION));
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    bool http2 = curl->features & CURL_VERSION_HTTP2 && curl->nghttp2_version;
    fprintf(to, "libcurl %s (%s, %s%s)\n", curl->version, curl->ssl_version ? curl->ssl_version : "no TLS",
            http2 ? "nghttp2/" : "no HTTP/2", http2 ? curl->nghttp2_version : "");
    fprintf(to, "llhttp %d.%d.%d\n", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
    fprintf(to, "libsodium %s\n", sodium_version_string());
    fprintf(to, "zstd %s\n", ZSTD_versionString());
    fprintf(to, "zlib %s\n", zlibVersion());
    fprintf(to, "brotli %u.%u.%u\n", brotli >> 24, (brotli >> 12) & 0xfff, brotli & 0xfff);
    fprintf(to, "jansson %s\n", jansson_version_str());
    char pcre2[64]; /* pcre2_config(3): 24 are enough */
    if (pcre2_config(PCRE2_CONFIG_VERSION, pcre2) > 0)
        fprintf(to, "pcre2 %s\n", pcre2);
    fprintf(to, "libyaml %s\n", yaml_get_version_string());
}
